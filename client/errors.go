package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A callError is a wire.Error together with its cause. So errors.Is finds
// syscall.ECONNREFUSED, and errors.As a *wire.Error.
type callError struct {
	as     *wire.Error
	causes []error
	final  bool // connecting again would not help
}

// newError drops nil causes.
func newError(code wire.Code, message string, causes ...error) *callError {
	e := &callError{as: &wire.Error{Code: code, Message: message}}
	for _, cause := range causes {
		if cause != nil {
			e.causes = append(e.causes, cause)
		}
	}
	return e
}

func (e *callError) Error() string { return e.as.Error() }

func (e *callError) Unwrap() []error { return append([]error{e.as}, e.causes...) }

// ErrMayHaveRun is in the tree of the error of each call that the client gave up after
// it was sent, since the client cannot know whether it ran. A call that fails without
// it, and without an answer (see [IsAnswer]), has certainly not run.
var ErrMayHaveRun = errors.New("the call may have run")

// ErrEncode is in the tree of the error of a call whose request JSON cannot hold. It was
// not sent.
var ErrEncode = errors.New("the request cannot be encoded")

// mayHaveRun notes in err, a *callError, that the call was sent.
func mayHaveRun(err error) error {
	if e, ok := errors.AsType[*callError](err); ok {
		e.causes = append(e.causes, ErrMayHaveRun)
	}
	return err
}

func closedError() *callError {
	return newError(wire.Unavailable, "the client is closed: make a new one", ErrClosed)
}

func closedInFlight() error {
	return newError(wire.Canceled, "the client was closed while the call was in flight: it may have run", ErrClosed, ErrMayHaveRun)
}

// notTried is the error of connecting to target with a context that has ended.
func notTried(ctx context.Context, target string) error {
	code, why := wire.Unavailable, "the deadline had passed"
	if errors.Is(ctx.Err(), context.Canceled) {
		code, why = wire.Canceled, "the caller had given up"
	}
	return newError(code, fmt.Sprintf("%s was not tried: %s", target, why), ctx.Err(), context.Cause(ctx))
}

// connectError is the error of a connection that was not made.
func connectError(where string, err error) *callError {
	if e, ok := errors.AsType[*callError](err); ok {
		return e
	}
	return newError(wire.Unavailable, fmt.Sprintf("connect to %s: %s", where, reason(err)), err)
}

// lostError is the error of calls that were in flight on a connection when it
// ended with err.
func lostError(where string, err error) *callError {
	code := wire.Interrupted
	if transport.TooBig(err) {
		code = wire.TooLarge
	}
	return newError(code, fmt.Sprintf("the connection to %s was lost before the reply: %s: the call may have run",
		where, reason(err)), err, ErrMayHaveRun)
}

// endedError says why a connection takes no more calls.
func endedError(where string, err error) *callError {
	return newError(wire.Interrupted, fmt.Sprintf("the connection to %s was lost: %s", where, reason(err)), err)
}

// reason says in words what err means to a user.
func reason(err error) string {
	if code, text, ok := transport.CloseStatus(err); ok {
		if text == "" {
			return fmt.Sprintf("the bot closed it with code %d", code)
		}
		return fmt.Sprintf("the bot closed it with code %d, %q", code, text)
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused: is the bot running?"
	case errors.Is(err, fs.ErrNotExist):
		return "no such socket: is the bot running?"
	case transport.TooBig(err):
		return fmt.Sprintf("the reply has more than %d bytes", protocol.MaxMessage)
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case transport.Cut(err):
		return "it was cut off"
	}
	return strings.TrimPrefix(err.Error(), "connect: ")
}

// messageOf returns the text of err, without its code if it has one.
func messageOf(err error) string {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

// IsAnswer reports whether err, the error of a call, is an answer of the bot. Otherwise
// it is an error of the client: no answer came in time, the connection was lost, or the
// call was not sent. It is false for nil.
func IsAnswer(err error) bool {
	_, own := errors.AsType[*callError](err)
	return err != nil && !own
}

// SafeToRetry reports whether to make the same call again, later: the call that failed
// with err has not run, and the reason may pass. [wire.Error.RetryAfter] may say when.
// It is false for nil, and for a client that is closed.
//
//	code          of the bot                       of the client
//	unavailable   if the bot says: not run         yes: there was no connection
//	overloaded    likewise                         yes
//	timeout       likewise                         if the call was not sent
//	any other     no                               no
//
// A bot of the Python package, and a server that speaks its dialect, cannot say that a
// call has not run.
func SafeToRetry(err error) bool {
	switch wire.CodeOf(err) {
	case wire.Unavailable, wire.Overloaded, wire.Timeout:
	default:
		return false
	}
	if !IsAnswer(err) {
		return !errors.Is(err, ErrMayHaveRun) && !errors.Is(err, ErrClosed)
	}
	e, _ := errors.AsType[*wire.Error](err)
	return e != nil && e.NotRun
}
