// Package router takes calls to the handlers of cogs. A table says which route
// serves an endpoint; the gate of its cog admits the call, or holds it while the
// cog switches; lanes make it wait for its turn; then it runs and is answered,
// exactly once.
//
// The package decides nothing about cogs: package actors loads, switches and
// ends them, and tells the gates.
package router

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/workers"
	"github.com/cogbus/cogbus/wire"
)

// A Router is what the calls of one server share. Only Publish may not be called
// by several goroutines at once.
type Router struct {
	Pool       workers.Pool
	Log        *slog.Logger
	MaxMessage int                                                      // bytes
	OnFailure  func(endpoint, caller string, code wire.Code, err error) // may be nil
	Inside     *Session                                                 // of calls that the bot's own code makes

	// Outside, if not nil, runs what Local is asked for: then the routes of the
	// bot are in another process. parent may be nil.
	Outside func(ctx context.Context, parent *Call, endpoint string, data []byte) ([]byte, error)

	table   atomic.Pointer[table]
	calls   sync.Pool // of *Call that may be used again
	limiter limiter

	mu       sync.Mutex // protects sessions
	sessions map[*Session]struct{}
}

// New returns a router without routes.
func New(log *slog.Logger, maxMessage int) *Router {
	r := &Router{Log: log, MaxMessage: maxMessage, sessions: map[*Session]struct{}{}}
	r.Inside = &Session{Router: r, Peer: insidePeer{}}
	r.table.Store(&table{routes: map[string]*route{}})
	r.Join(r.Inside)
	return r
}

// Join makes the calls of s known, until Leave.
func (r *Router) Join(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions[s] = struct{}{}
}

// Leave undoes Join.
func (r *Router) Leave(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, s)
}

// Admit takes a call to the gate of its cog. It reports whether the caller is to
// run it now; otherwise it waits somewhere, or was refused.
func (r *Router) Admit(c *Call) bool {
	if c.target == nil {
		c.target = r.table.Load().routes[c.endpoint]
	}
	if c.target == nil {
		return c.refuse(noRoute(c.endpoint))
	}
	return c.target.generation.gate.admit(c, c.target)
}

// Publish makes the routes of a cog those of the generations, for all connections
// at once; a route that several have is that of the first. The error wraps
// [ErrRouteTaken].
func (r *Router) Publish(cog string, generations ...*Generation) error {
	next, err := r.table.Load().with(cog, generations)
	if err == nil {
		r.table.Store(next)
	}
	return err
}

// AbandonAll ends the calls in flight in a generation with err for their
// callers. It returns how many had no answer.
func (r *Router) AbandonAll(gen *Generation, err *wire.Error) (lost int) {
	r.mu.Lock()
	sessions := make([]*Session, 0, len(r.sessions))
	for s := range r.sessions {
		sessions = append(sessions, s)
	}
	r.mu.Unlock()
	for _, s := range sessions {
		s.each(func(c *Call) bool {
			stage := c.stage.Load() // route may be read in these stages alone
			return (stage == waiting || stage == running) && c.route.generation == gen
		}, func(c *Call) {
			if c.Abandon(err, context.Canceled) {
				lost++
			}
		})
	}
	return lost
}

// Routes describes what is served, sorted by endpoint.
func (r *Router) Routes() []wire.RouteStatus {
	list := []wire.RouteStatus{}
	for name, route := range r.table.Load().routes {
		list = append(list, wire.RouteStatus{
			Endpoint:   name,
			Cog:        route.generation.gate.Name,
			Generation: route.generation.Number,
			Serial:     route.lanes != nil && route.lanes.limit == 1 && !route.endpoint.Keyed(),
			Keyed:      route.endpoint.Keyed(),
			TimeoutMS:  route.timeout.Milliseconds(),
		})
	}
	slices.SortFunc(list, func(a, b wire.RouteStatus) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return list
}

// InSetup reports whether ctx is that of the Setup of the named cog.
func InSetup(ctx context.Context, cog string) bool {
	a, ok := ctx.Value(cogs.RuntimeKey{}).(*Agent)
	return ok && a.Setup && a.Cog == cog
}

// Within reports whether ctx belongs to a call or a task of the named cog, or
// was made by one through others.
func Within(ctx context.Context, cog string) bool {
	runtime := ctx.Value(cogs.RuntimeKey{})
	if s, ok := runtime.(*scope); ok {
		runtime = s.share()
	}
	switch rt := runtime.(type) {
	case *Call:
		for c := rt; c != nil; c = c.parent {
			if c.listener() == nil && c.inner != nil && c.inner.caller == cog || c.route != nil && c.route.generation.gate.Name == cog {
				return true
			}
		}
	case *Agent:
		return rt.Cog == cog
	}
	return false
}
