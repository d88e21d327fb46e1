package wire

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Code says what kind of failure an [Error] is. Cogs may use codes of their
// own, of 1 to 64 of the letters a to z, digits and underscores. A handler's error of
// another code is logged and reaches the caller as [Internal].
type Code string

// The codes that cogbus itself uses. Package wire/protocol has a catalogue of them:
// the cause of each, whether the handler has run, and what the caller can do.
const (
	BadRequest   Code = "bad_request"  // the request does not decode, or is invalid
	Unauthorized Code = "unauthorized" // the caller sent no secret, or a wrong one
	Forbidden    Code = "forbidden"    // the bot knows the caller and does not allow the call
	NoRoute      Code = "no_route"     // no loaded cog has the route
	NotFound     Code = "not_found"    // the thing that the caller asks for does not exist
	Conflict     Code = "conflict"     // the thing that the caller wants to make exists already
	Timeout      Code = "timeout"      // the deadline passed; the handler may have run
	Canceled     Code = "canceled"     // the caller gave up; the handler may have run
	Overloaded   Code = "overloaded"   // a limit is reached; the handler has not run
	Unavailable  Code = "unavailable"  // the cog or the bot is not there now; the handler has not run, or a reload has cut it off
	Interrupted  Code = "interrupted"  // the connection was lost, or the cog failed; the handler may have run
	TooLarge     Code = "too_large"    // the request or the response exceeds the size limit
	Failed       Code = "failed"       // the order of an admin failed; the text says why
	Internal     Code = "internal"     // the handler failed; the bot's log tells why
)

// An Error is the one kind of error that crosses the wire. A handler that
// returns one (or an error that wraps one) sends it to its caller as it is.
// Every other error of a handler is logged by the bot and reaches the caller as
// [Internal], without its text.
//
// errors.Is matches two Errors by code. It also matches [Timeout] with
// context.DeadlineExceeded and [Canceled] with context.Canceled.
type Error struct {
	// Code is the kind of failure. If empty, it counts as Internal.
	Code Code

	// Message is shown to the caller: no secrets in it.
	Message string

	// RetryAfter says when trying again may help. If zero, nothing is known.
	RetryAfter time.Duration

	// NotRun says that no handler has begun, so that the same call again does nothing
	// twice. cogbus sets it; in an error that a handler returns it is not sent. If
	// false, nothing is known.
	NotRun bool
}

// Errorf returns an *Error with a code and a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error returns the code, the message, and when to try again.
func (e *Error) Error() string {
	text := string(e.code())
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(" (try again in %s)", e.RetryAfter)
	}
	return text
}

// Is reports whether target is an *Error of the same code, or the context error
// that means the same.
func (e *Error) Is(target error) bool {
	switch target {
	case context.DeadlineExceeded:
		return e.Code == Timeout
	case context.Canceled:
		return e.Code == Canceled
	}
	t, ok := target.(*Error)
	return ok && t.code() == e.code()
}

func (e *Error) code() Code {
	if e.Code == "" {
		return Internal
	}
	return e.Code
}

// CodeOf returns the code of the first *Error in err's tree. Without one it
// returns [Timeout] or [Canceled] for the errors of package context, [Internal]
// for any other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.code()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return Canceled
	}
	return Internal
}
