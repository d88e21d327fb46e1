// Package router takes work to the cogs of a server. Its table says which route serves
// an endpoint. The makers of work are here: sessions of clients, calls from inside the
// bot, events, ticks, and the calls that another process passes on. Package gate admits
// a call, and package call runs and answers it. The package decides nothing about cogs:
// package actors loads, switches and ends them, and tells the gates.
//
// # Life of a call
//
//	Session.NewCall    looks the route up, makes the call
//	Session.Enter      notes the call in the session, or refuses it
//	Router.Admit       hands it to the gate of its cog, or rejects it
//	gate.Admit         counts it into a generation and gives it a place;
//	                   or holds, redirects or rejects it
//	Call.RunOnReader   finds its key and runs the handler: on the reader's
//	or Call.HandOff    goroutine, or on a worker
//	Maker.Answer       removes it from the session, sends the answer
//	Maker.Over         nothing of it runs any more
//
// Local, Tick, the events of hosts, TickFrom and EventFrom enter this path at Admit;
// each has a Maker of its own.
//
// # Who owns what
//
//   - The table of routes never changes. Publish replaces it, and only the server
//     actor calls Publish. Any goroutine reads it.
//   - Each session has a map of its calls in flight, with a mutex of its own. So has the
//     bot's own code: local calls, events and ticks.
//   - A gate has the generations of one cog and the held calls, under its mutex.
//     The counts of a generation are atomic.
//   - A call belongs to the goroutine that has moved it to its stage; see package call.
package router

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/workers"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// ErrRouteTaken is the error of a cog that has a route which another cog has.
var ErrRouteTaken = errors.New("route belongs to another cog")

// Options configure a Router.
type Options struct {
	Log        *slog.Logger
	MaxMessage int // bytes

	// OnFailure, if set, is called for each call that fails. It is the user's code.
	OnFailure func(endpoint, caller string, code wire.Code, err error)

	// AnswerOnReturn delays the answer of a call that runs until its handler has
	// returned, also if the call was cancelled.
	AnswerOnReturn bool

	// Upstream, if set, runs the calls of the bot's own code, because the routes of the
	// bot are in another process. parent may be nil.
	Upstream func(ctx context.Context, parent *call.Call, endpoint string, data []byte) ([]byte, error)
}

// A Router holds the routes of one server, and makes its calls. Any number of
// goroutines may use it, but only one at a time may call Publish.
type Router struct {
	Pool workers.Pool

	o        Options
	env      call.Env
	switches gate.Switches
	reporter reporter
	limiter  limiter
	inside   inflight    // calls that the bot's own code makes, events and ticks
	origin   call.Origin // of those
	lastID   atomic.Uint64

	// table says which place serves an endpoint. A table never changes: Publish
	// makes a new one, so that a connection never sees half of an update.
	table atomic.Pointer[map[string]*call.Place]

	mu     sync.Mutex // protects makers
	makers map[*inflight]struct{}
}

// New returns a router without routes.
func New(o Options) *Router {
	r := &Router{o: o, origin: call.Origin{Dialect: localDialect}}
	r.env = call.Env{Workers: &r.Pool, MaxMessage: o.MaxMessage, AnswerOnReturn: o.AnswerOnReturn, Failed: r.failed, Local: r.Local}
	r.env.Start()
	r.reporter = reporter{report: r.report, pool: &r.Pool}
	r.makers = map[*inflight]struct{}{&r.inside: {}}
	r.table.Store(&map[string]*call.Place{})
	return r
}

// Now returns the time since New in nanoseconds, which is never 0.
func (r *Router) Now() int64 { return r.env.Now() }

// MaxMessage returns the size of the largest message, in bytes.
func (r *Router) MaxMessage() int { return r.o.MaxMessage }

// NewGate returns the gate of a cog.
func (r *Router) NewGate(c instance.Spec) *gate.Gate { return gate.New(c, &r.env, &r.switches) }

// Admit takes a call to the gate of its cog. It reports whether the caller runs the
// call now; otherwise the call waits, or was rejected.
func (r *Router) Admit(c *call.Call) (run bool) {
	if c.Target() == nil {
		if !c.Aim((*r.table.Load())[c.Endpoint]) {
			c.RejectArriving(gate.NoRoute(c.Endpoint))
			return false
		}
		c.Stamp() // its route may have a short limit
	}
	return gate.Admit(c)
}

// Publish makes the routes of the generations the routes of a cog, for all connections
// at once. If several generations have a route, the first one's serves. The error wraps
// [ErrRouteTaken].
func (r *Router) Publish(cog string, generations ...*gate.Generation) error {
	next := maps.Clone(*r.table.Load())
	maps.DeleteFunc(next, func(_ string, p *call.Place) bool { return p.Cog == cog })
	for _, gen := range slices.Backward(generations) {
		for name, p := range gen.Places() {
			if other := next[name]; other != nil && other.Cog != cog {
				return fmt.Errorf("%w: cogs %q and %q both have %q", ErrRouteTaken, other.Cog, cog, name)
			}
			next[name] = p
		}
	}
	r.table.Store(&next)
	return nil
}

// CancelAll cancels the calls in flight in a generation with err. It returns how many
// had no answer.
func (r *Router) CancelAll(gen *gate.Generation, err *wire.Error) (lost int) {
	r.mu.Lock()
	makers := slices.Collect(maps.Keys(r.makers))
	r.mu.Unlock()
	for _, f := range makers {
		f.each(gen.Serves, func(c *call.Call) {
			if c.Cancel(err, context.Canceled) {
				lost++
			}
		})
	}
	return lost
}

// End makes the router refuse later work of the bot's own code with err.
func (r *Router) End(err *wire.Error) { r.inside.end(err) }

// Routes describes the published routes, sorted by endpoint.
func (r *Router) Routes() []admin.RouteStatus {
	list := []admin.RouteStatus{}
	for _, p := range *r.table.Load() {
		list = append(list, gate.Status(p))
	}
	slices.SortFunc(list, func(a, b admin.RouteStatus) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return list
}
