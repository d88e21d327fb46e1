//go:build stress

package stress

import (
	"errors"
	"strings"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// A fate is the outcome of a call, as its caller knows it.
type fate uint32

const (
	unanswered fate = iota
	fine
	lost    // the caller has cut the connection
	gaveUp  // the client library gave up after it had sent the call
	unsent  // the client library says that it did not send the call
	cutOff  // unavailable, by a reload or an unload while the call ran
	refused // unavailable otherwise
	timeout
	canceled
	overloaded
	noRoute
	badRequest
	interrupted
	internal
	own // an error of a handler
	odd // a code that no code here makes
)

// fates has the allowed numbers of runs of a call with each fate.
var fates = [...]struct {
	name     string
	min, max uint32
}{
	unanswered:  {"no answer", 0, 1},
	fine:        {"ok", 1, 1},
	lost:        {"cut by caller", 0, 1},
	gaveUp:      {"given up", 0, 1},
	unsent:      {"not sent", 0, 0},
	cutOff:      {"cut off", 0, 1},
	refused:     {"unavailable", 0, 0},
	timeout:     {"timeout", 0, 1},
	canceled:    {"canceled", 0, 1},
	overloaded:  {"overloaded", 0, 0},
	noRoute:     {"no_route", 0, 0},
	badRequest:  {"bad_request", 0, 0},
	interrupted: {"interrupted", 0, 1},
	internal:    {"internal", 1, 1},
	own:         {"own code", 1, 1},
	odd:         {"odd code", 0, 1},
}

func (f fate) String() string { return fates[f].name }

// The codes of errors that the handlers make.
const (
	codeOwn    wire.Code = "stress_own"
	codeNested wire.Code = "stress_nested"   // a call that the handler made has failed
	codeTwo    wire.Code = "stress_two"      // a process saw two calls of one key at the same time
	codeData   wire.Code = "stress_bad_data" // the handler did not get the data that was sent
)

var byCode = map[wire.Code]fate{
	wire.Timeout:     timeout,
	wire.Canceled:    canceled,
	wire.Overloaded:  overloaded,
	wire.NoRoute:     noRoute,
	wire.BadRequest:  badRequest,
	wire.Interrupted: interrupted,
	wire.Internal:    internal,
	codeOwn:          own,
	codeNested:       own,
	codeTwo:          own,
	codeData:         own,
}

// fateOf returns the fate of a call with the answer err of the bot.
func fateOf(err *wire.Error) fate {
	switch {
	case err == nil:
		return fine
	case err.Code == wire.Unavailable && strings.Contains(err.Message, "before the call was done"):
		return cutOff
	case err.Code == wire.Unavailable:
		return refused
	}
	if f, ok := byCode[err.Code]; ok {
		return f
	}
	return odd
}

// fateInClient returns the fate of a call of the client library.
func fateInClient(err error) fate {
	switch {
	case err == nil:
		return fine
	case client.IsAnswer(err):
		return fateInBot(err)
	case errors.Is(err, client.ErrMayHaveRun):
		return gaveUp
	}
	return unsent
}

// fateInBot returns the fate of a call of a handler or a task.
func fateInBot(err error) fate {
	if err == nil {
		return fine
	}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return fateOf(e)
	}
	return odd
}
