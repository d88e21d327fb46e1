package main

import (
	"errors"

	"github.com/cogbus/cogbus/wire"
)

// The exit codes. Scripts rely on them: they gain entries and never change.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitAssertion   = 3 // of load tests
	exitUnreachable = 4
	exitForbidden   = 5
	exitNotFound    = 6
	exitTimeout     = 7
	exitOverloaded  = 8
	exitBadRequest  = 9
	exitInterrupted = 130 // as shells report a SIGINT
)

// An exit is an exit code, what it means, and the errors that lead to it.
type exit struct {
	code    int
	meaning string
	codes   []wire.Code
}

func exits() []exit {
	return []exit{
		{exitOK, "done", nil},
		{exitFailed, "the call failed otherwise: internal, or a cog's own code; ping had no answer; a fault of a load test did not happen", nil},
		{exitUsage, "the command line, the data or the secret file is wrong; nothing was sent, or a scenario has failed", nil},
		{exitAssertion, "a load test has missed a goal, proves nothing of them, or is worse than the one before", nil},
		{exitUnreachable, "the bot or the cog is not there, or the connection was lost", []wire.Code{wire.Unavailable, wire.Interrupted}},
		{exitForbidden, "no secret, a wrong one, or not the admin's", []wire.Code{wire.Unauthorized, wire.Forbidden}},
		{exitNotFound, "there is no such route, or no such cog or thing", []wire.Code{wire.NoRoute, wire.NotFound}},
		{exitTimeout, "no answer in time", []wire.Code{wire.Timeout, wire.Canceled}},
		{exitOverloaded, "a limit is reached, try again later", []wire.Code{wire.Overloaded}},
		{exitBadRequest, "the data is not what the route takes, or too large", []wire.Code{wire.BadRequest, wire.TooLarge}},
		{exitInterrupted, "ended by Ctrl-C", nil},
	}
}

// exitCode returns the exit code of an error.
func exitCode(err error) int {
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	if _, ok := errors.AsType[*wire.Error](err); ok {
		for _, e := range exits() {
			for _, code := range e.codes {
				if code == wire.CodeOf(err) {
					return e.code
				}
			}
		}
	}
	return exitFailed
}

// An exitError has an exit code of its own.
type exitError struct {
	err  error
	code int
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }
