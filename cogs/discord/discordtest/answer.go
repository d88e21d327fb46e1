package discordtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/bwmarrin/discordgo"
)

// answer is a response in memory. The router writes to it; the transport and the HTTP
// server then pass it on.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func newAnswer() *answer { return &answer{status: http.StatusOK, header: http.Header{}} }

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *answer) Write(p []byte) (int, error) {
	a.body = append(a.body, p...)
	return len(p), nil
}

// set turns the result of an endpoint into a response.
func (a *answer) set(v any, err error) {
	if err != nil {
		e, ok := errors.AsType[*apiError](err)
		if !ok {
			e = &apiError{Status: http.StatusInternalServerError, Message: err.Error()}
		}
		a.status, v = e.Status, e
	}
	if v == nil {
		a.status = http.StatusNoContent
		return
	}
	body, err := json.Marshal(v)
	if err != nil {
		a.set(nil, err)
		return
	}
	a.header.Set("Content-Type", "application/json")
	a.body = body
}

func (a *answer) copyTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // fails only if the client has disconnected
}

// apiError is an error in the form in which Discord sends it.
type apiError struct {
	Status  int    `json:"-"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Errors  any    `json:"errors,omitempty"`
}

// Error returns Discord's message and code.
func (e *apiError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// unknown returns the error for an id that nothing has.
func unknown(code int, what string) error {
	return &apiError{Status: http.StatusNotFound, Code: code, Message: "Unknown " + what}
}

// invalid returns the error for a field with an invalid value.
func invalid(field, code, message string) error {
	reasons := []any{map[string]any{"code": code, "message": message}}
	return &apiError{
		Status:  http.StatusBadRequest,
		Code:    discordgo.ErrCodeInvalidFormBody,
		Message: "Invalid Form Body",
		Errors:  map[string]any{field: map[string]any{"_errors": reasons}},
	}
}
