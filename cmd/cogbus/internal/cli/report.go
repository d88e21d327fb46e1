package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cogbus/cogbus/wire"
)

// report tells the user about an error and returns the exit code. path is the name of the
// command, such as "cogbus load diff".
func (e *Env) report(path string, err error, interrupted bool) int {
	code := ExitCode(err)
	var more Error
	if m, ok := errors.AsType[*Error](err); ok {
		more = *m
	}
	if interrupted && more.Code == 0 {
		code = ExitInterrupted
	}
	hint := more.Hint
	if _, ok := errors.AsType[*UsageError](err); ok {
		hint = strings.Replace(path, "cogbus", "cogbus help", 1) + " tells more"
	}
	if e.JSON {
		e.complain(complaint{Error: Describe(err), Advice: hint, Exit: code})
		return code
	}
	if w, ok := errors.AsType[*wire.Error](err); ok && w.Code == wire.Failed && e.Subject.Cog != "" {
		more.Lines = w.Message // names the cog, and may end with several lines of a compiler
	}
	if more.Lines != "" && !interrupted {
		first, rest, _ := strings.Cut(ManyLines(more.Lines)+"\n", "\n")
		_, _ = fmt.Fprintf(e.Errs, "%s\n%s", e.colours.Red(first), rest)
		return code
	}
	text := InFlags(err.Error())
	if hint != "" {
		text += " (" + hint + ")"
	}
	_, _ = fmt.Fprintf(e.Errs, "%s %s\n", e.colours.Red("cogbus:"), OneLine(text))
	return code
}

// Warn tells the user about something that does not stop the command.
func (e *Env) Warn(text string) {
	if e.JSON {
		e.complain(complaint{Warning: text})
		return
	}
	_, _ = fmt.Fprintf(e.Errs, "%s %s\n", e.colours.Yellow("cogbus: warning:"), OneLine(text))
}

// A complaint is an error or a warning for programs: one object a line.
type complaint struct {
	Error   *Description `json:"error,omitempty"`
	Advice  string       `json:"advice,omitempty"`
	Exit    int          `json:"exit,omitempty"`
	Warning string       `json:"warning,omitempty"`
}

// A Description is an error for programs.
type Description struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	RetryMS int64  `json:"retry_ms,omitempty"`
}

// Describe returns an error for programs. Errors of this program have the code
// "usage" or "failed".
func Describe(err error) *Description {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return &Description{string(wire.CodeOf(err)), InFlags(e.Message), e.RetryAfter.Milliseconds()}
	}
	if _, ok := errors.AsType[*UsageError](err); ok {
		return &Description{Code: "usage", Message: err.Error()}
	}
	return &Description{Code: "failed", Message: err.Error()}
}

func (e *Env) complain(c complaint) {
	text, _ := json.Marshal(c) // cannot fail: it holds strings and numbers
	_, _ = fmt.Fprintf(e.Errs, "%s\n", text)
}
