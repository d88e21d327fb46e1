package cogs

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// A Cog is a module of a bot that can be loaded, unloaded and reloaded while
// the bot runs. The zero value of every field but Name and Setup is its default.
type Cog struct {
	// Name identifies the cog among the loaded ones. It has at most 256 bytes.
	Name string

	// Setup makes one instance: it creates the instance's state and records
	// routes, listeners, tasks and cleanups with r. It runs at every load,
	// reload and restart, so what it creates starts fresh. ctx bounds Setup
	// alone. If Setup fails or panics, the cleanups
	// recorded so far run.
	Setup func(ctx context.Context, r *Registrar) error

	// Serial makes the cog run one call at a time, in order of arrival. A call
	// that a running handler makes into its own cog, directly or through others,
	// does not wait for that handler; two that a handler makes at once run beside
	// each other. Calls that serial cogs' handlers make to each other in a circle,
	// each from a call of its own, wait until their deadlines: avoid such circles.
	Serial bool

	// Timeout bounds each handler. If zero, 30 seconds.
	Timeout time.Duration

	// SetupTimeout bounds Setup. If zero, 30 seconds.
	SetupTimeout time.Duration

	// DrainTimeout is how long a reload or an unload waits for running calls
	// before it cancels them, and for tasks to end. If zero, 5 seconds.
	DrainTimeout time.Duration

	// MaxInFlight bounds the calls that run or wait for their turn. More are
	// refused as overloaded. If zero, 1,024.
	MaxInFlight int

	// MaxHeld bounds the calls and events that wait while the cog switches
	// from one instance to the next. More are refused. If zero, 1,000.
	MaxHeld int
}

// Single returns a cog of one stand-alone route, named after it.
func Single[Req, Resp any](route wire.Route[Req, Resp], h func(context.Context, Req) (Resp, error)) Cog {
	return Cog{Name: string(route), Setup: func(_ context.Context, r *Registrar) error {
		Handle(r, route, h)
		return nil
	}}
}
