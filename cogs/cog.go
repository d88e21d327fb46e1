package cogs

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// A Cog is a module of a bot that can be loaded, unloaded and reloaded while the bot runs.
// Name and Setup are required; the zero value of every other field is its default. A
// negative duration or number fails the load.
type Cog struct {
	// Name identifies the cog within the bot: two loaded cogs cannot have the same name. It
	// has at most 256 bytes.
	Name string

	// Setup makes one instance: it creates the instance's state and records routes,
	// listeners, tasks and cleanups with r. The bot calls it at every load, reload and
	// restart, so the state that it creates starts fresh. ctx ends with Setup: handlers and
	// tasks get contexts of their own. If Setup returns an error or panics, the bot runs
	// the cleanups that were recorded so far.
	Setup func(ctx context.Context, r *Registrar) error

	// Serial makes the cog run one call at a time, in order of arrival. Exceptions:
	//   - A call that a running handler makes into its own cog, directly or through other
	//     cogs, does not wait for that handler.
	//   - If a handler makes two such calls at once, they run at the same time.
	//
	// Do not let serial cogs call each other in a circle: if a handler of A calls B while a
	// handler of B calls A, both calls wait until their deadlines.
	Serial bool

	// Timeout is the time limit of each call, event and tick of the cog, from its arrival
	// on: waiting for a turn counts. If zero, it is 30
	// seconds.
	Timeout time.Duration

	// SetupTimeout is the time limit of Setup. If zero, it is 30 seconds.
	SetupTimeout time.Duration

	// DrainTimeout is how long a reload or an unload waits for tasks and running calls to
	// end. Then it cancels the calls that still run. If zero, it is 5 seconds.
	DrainTimeout time.Duration

	// MaxInFlight is the most calls that may run or wait for their turn at once. The bot
	// rejects further calls with the code overloaded. If zero, it is 1,024.
	MaxInFlight int

	// MaxHeld is the most calls and events that may wait while the cog switches from one
	// instance to the next. The bot rejects further ones with the code overloaded. If zero,
	// it is 1,000.
	MaxHeld int
}

// Single returns a cog with one route, which h answers. The name of the route is also the
// name of the cog.
func Single[Req, Resp any](route wire.Route[Req, Resp], h func(context.Context, Req) (Resp, error)) Cog {
	return Cog{Name: string(route), Setup: func(_ context.Context, r *Registrar) error {
		Handle(r, route, h)
		return nil
	}}
}
