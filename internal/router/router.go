// Package router takes work to the cogs of a server. Its table says which route serves
// an endpoint; the makers of work are here: sessions of clients, calls from inside the
// bot, events, ticks, and what another process passes on. A call then goes through
// package gate, which admits it, and package call, which runs and answers it:
//
//	Session.NewCall → Session.Enter → Admit → (HandOff or RunOnReader) → Maker.Answer
//
// The package decides nothing about cogs: package actors loads, switches and ends
// them, and tells the gates.
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

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
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

	// AnswerOnReturn makes calls that run be answered when their handlers have
	// returned, also those that were cancelled.
	AnswerOnReturn bool

	// Upstream, if set, runs what the bot's own code asks for: then the routes of the
	// bot are in another process. parent may be nil.
	Upstream func(ctx context.Context, parent *call.Call, endpoint string, data []byte) ([]byte, error)
}

// A Router holds the routes of one server, and makes its calls. Only Publish may not be called by
// several goroutines at once.
type Router struct {
	Pool workers.Pool

	o        Options
	env      call.Env
	switches gate.Switches
	reporter reporter
	limiter  limiter
	inside   inflight // calls that the bot's own code makes, events and ticks
	lastID   atomic.Uint64

	// table says which place serves an endpoint. A table never changes: Publish
	// makes a new one, so that a connection never sees half of an update.
	table atomic.Pointer[map[string]*call.Place]

	mu     sync.Mutex // protects makers
	makers map[*inflight]struct{}
}

// New returns a router without routes.
func New(o Options) *Router {
	r := &Router{o: o}
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
func (r *Router) NewGate(c cogs.Cog) *gate.Gate { return gate.New(c, &r.env, &r.switches) }

// Admit takes a call to the gate of its cog. It reports whether the caller runs the
// call now; otherwise it waits somewhere, or was rejected.
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

// Publish makes the routes of a cog those of the generations, for all connections at
// once; a route that several have is that of the first. The error wraps
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

// CancelAll ends the calls in flight in a generation with err for their callers. It
// returns how many had no answer.
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

// End makes the router refuse work of the bot's own code with err.
func (r *Router) End(err *wire.Error) { r.inside.end(err) }

// Routes describes what is served, sorted by endpoint.
func (r *Router) Routes() []admin.RouteStatus {
	list := []admin.RouteStatus{}
	for _, p := range *r.table.Load() {
		list = append(list, gate.Status(p))
	}
	slices.SortFunc(list, func(a, b admin.RouteStatus) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return list
}
