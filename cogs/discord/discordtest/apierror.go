package discordtest

import (
	"fmt"

	"github.com/bwmarrin/discordgo"
)

// apiError is an error as Discord words it.
type apiError struct {
	Status  int    `json:"-"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Errors  any    `json:"errors,omitempty"`
}

// Error returns Discord's message and code.
func (e *apiError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// unknown is the answer to an id that names nothing.
func unknown(code int, what string) error {
	return &apiError{Status: 404, Code: code, Message: "Unknown " + what}
}

// invalid is the answer to a field that does not fit.
func invalid(field, code, message string) error {
	reasons := []any{map[string]any{"code": code, "message": message}}
	return &apiError{
		Status:  400,
		Code:    discordgo.ErrCodeInvalidFormBody,
		Message: "Invalid Form Body",
		Errors:  map[string]any{field: map[string]any{"_errors": reasons}},
	}
}
