package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cogbus/cogbus/wire"
)

// report tells the user of an error and returns the exit code.
func (s *session) report(err error, interrupted bool) int {
	code := exitCode(err)
	if _, own := errors.AsType[*exitError](err); interrupted && !own {
		code = exitInterrupted
	}
	advice := ""
	if e, ok := errors.AsType[*advised](err); ok {
		advice = e.advice
	}
	if e, ok := errors.AsType[*usageError](err); ok {
		advice = e.help() + " tells more"
	}
	if s.json {
		s.complain(failure{Error: describe(err), Advice: advice, Exit: code})
		return code
	}
	if e, ok := errors.AsType[*wire.Error](err); ok && s.cog != "" && e.Code == failedSwitch {
		_, _ = fmt.Fprintf(s.errs, "%s\n", manyLines(e.Message)) // it is a sentence, whose end a compiler may have written
		return code
	}
	if e, ok := errors.AsType[*buildError](err); ok && !interrupted {
		_, _ = fmt.Fprintf(s.errs, "%s\n", manyLines(e.lines()))
		return code
	}
	text := inFlags(err.Error())
	if advice != "" {
		text += " (" + advice + ")"
	}
	_, _ = fmt.Fprintf(s.errs, "cogbus: %s\n", oneLine(text))
	return code
}

// warn tells of something that keeps nothing from being done.
func (s *session) warn(text string) {
	if s.json {
		s.complain(failure{Warning: text})
		return
	}
	_, _ = fmt.Fprintf(s.errs, "cogbus: warning: %s\n", oneLine(text))
}

// A failure is an error or a warning for programs: one object a line.
type failure struct {
	Error   *description `json:"error,omitempty"`
	Advice  string       `json:"advice,omitempty"`
	Exit    int          `json:"exit,omitempty"`
	Warning string       `json:"warning,omitempty"`
}

type description struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	RetryMS int64  `json:"retry_ms,omitempty"`
}

// describe gives errors of this program the code "usage" or "failed".
func describe(err error) *description {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return &description{string(wire.CodeOf(err)), inFlags(e.Message), e.RetryAfter.Milliseconds()}
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return &description{Code: "usage", Message: err.Error()}
	}
	return &description{Code: "failed", Message: err.Error()}
}

func (s *session) complain(f failure) {
	text, _ := json.Marshal(f) // of strings and numbers
	_, _ = fmt.Fprintf(s.errs, "%s\n", text)
}

// failedSwitch is the code of what a bot could not do to a cog.
const failedSwitch = "failed"

// manyLines is oneLine for text of several lines.
func manyLines(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, oneLine(line))
	}
	return strings.Join(lines, "\n")
}

// oneLine makes text of others fit to be shown: no line breaks, nothing that a
// terminal takes for a command.
func oneLine(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
	return escape(text, func(r rune) string { return fmt.Sprintf("%+q", r) })
}
