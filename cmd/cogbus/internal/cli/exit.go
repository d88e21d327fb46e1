package cli

import (
	"errors"
	"slices"

	"github.com/cogbus/cogbus/wire"
)

// The exit codes. Scripts rely on them, so a code never changes. New ones may be added.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitAssertion   = 3
	ExitUnreachable = 4
	ExitForbidden   = 5
	ExitNotFound    = 6
	ExitTimeout     = 7
	ExitOverloaded  = 8
	ExitBadRequest  = 9
	ExitConflict    = 10
	ExitInterrupted = 130 // as shells report a SIGINT
)

// An Exit is an exit code, its meaning, and the codes of errors that lead to it.
type Exit struct {
	Code    int
	Meaning string
	Codes   []wire.Code
}

// Exits returns the table of exit codes.
func Exits() []Exit {
	return []Exit{
		{ExitOK, "done", nil},
		{ExitFailed, "another error, such as a code that a cog has defined; or a build failed, no ping was answered, or a fault of a load test did not happen", []wire.Code{wire.Internal, wire.Failed}},
		{ExitUsage, "the command line, the data, the scenario or the secret file is wrong", nil},
		{ExitAssertion, "a load test missed a goal, is invalid, or is worse than the one before", nil},
		{ExitUnreachable, "the bot or the cog is not there, or the connection was lost", []wire.Code{wire.Unavailable, wire.Interrupted}},
		{ExitForbidden, "no secret, a wrong one, or not the admin's", []wire.Code{wire.Unauthorized, wire.Forbidden}},
		{ExitNotFound, "there is no such route, cog or thing", []wire.Code{wire.NoRoute, wire.NotFound}},
		{ExitTimeout, "no answer in time", []wire.Code{wire.Timeout, wire.Canceled}},
		{ExitOverloaded, "a limit is reached: try again later", []wire.Code{wire.Overloaded}},
		{ExitBadRequest, "the route does not take this data, or the data is too large", []wire.Code{wire.BadRequest, wire.TooLarge}},
		{ExitConflict, "the cog is loaded already, or another cog has its route", []wire.Code{wire.Conflict}},
		{ExitInterrupted, "ended by Ctrl-C", nil},
	}
}

// ExitCode returns the exit code of an error.
func ExitCode(err error) int {
	if _, ok := errors.AsType[*UsageError](err); ok {
		return ExitUsage
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Code != 0 {
		return e.Code
	}
	if _, ok := errors.AsType[*wire.Error](err); ok {
		for _, e := range Exits() {
			if slices.Contains(e.Codes, wire.CodeOf(err)) {
				return e.Code
			}
		}
	}
	return ExitFailed
}
