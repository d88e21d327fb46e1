// Package gate admits the work of a cog. A [Gate] lives from Load to Unload and
// outlives instances; each instance is a [Generation] of it. A call goes forward:
//
//	Admit      the gate counts it into the generation of its route. If that
//	           generation is closed, the gate holds the call, sends it to
//	           another generation, or rejects it
//	order      the route puts it into its lanes, or lets it pass
//	Leave      the call gives its places back
//
// The gate never waits and never runs user code: the goroutine that runs a call finds its
// key, after the call has its place. Each step is O(1), and a switch is O(held calls).
package gate

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A Gate admits the calls, events and ticks of one cog.
type Gate struct {
	Name     string
	counts   call.Counts
	panics   atomic.Int64 // handlers that have panicked
	maxHeld  int
	env      *call.Env
	switches *Switches

	mu      sync.Mutex // protects the fields below, and drained of the generations
	current *Generation
	leaving []*Generation // closed generations before current that still have calls in flight
	holding bool
	held    []held
	heldSum int   // calls and events held since the last Hold
	shut    error // the reason why the gate admits nothing; nil if it admits calls
	subs    map[subscription]func()
}

// A held is a call or an event that waits in the gate while its cog switches.
type held struct {
	call  *call.Call
	event *Event // nil for a call
}

// Defaults of the fields of cogs.Cog.
const (
	defaultInFlight = 1024
	defaultHeld     = 1000
)

// New returns the gate of a cog. The gate holds all work until it gets its first
// generation, because routes are published a moment before that.
func New(c instance.Spec, env *call.Env, switches *Switches) *Gate {
	g := &Gate{
		Name:     c.Name,
		maxHeld:  cmp.Or(c.MaxHeld, defaultHeld),
		env:      env,
		switches: switches,
		holding:  true,
		subs:     map[subscription]func(){},
	}
	switches.add(g)
	return g
}

// Admit passes a call that has arrived to the gate of its target. It returns true if the
// caller must run the call now. Otherwise the gate has queued, held or rejected it.
func Admit(c *call.Call) (run bool) {
	r := routeOf(c.Target())
	g := r.generation.gate
	if c.Parent != nil {
		if old := g.calledFrom(c); old != nil && old != r.generation && g.enterEnding(old) {
			return g.went(c, old.start(c, true))
		}
	}
	closed, full := r.generation.enter()
	switch {
	case closed:
		return g.went(c, g.redirect(c))
	case full:
		c.RejectArriving(r.generation.full())
		return false
	}
	return g.went(c, r.take(c))
}

// went looks for circles if run is false, because then the call may wait, with a place or
// without. It returns run.
func (g *Gate) went(c *call.Call, run bool) bool {
	if !run {
		g.lookForCircle(c)
	}
	return run
}

// redirect handles a call for a closed generation: it holds the call, sends it to another
// generation, or rejects it.
func (g *Gate) redirect(c *call.Call) (run bool) {
	g.mu.Lock()
	switch {
	case g.shut != nil:
		err := g.shut
		g.mu.Unlock()
		reject(c, err)
		return false
	case g.holding:
		full := !g.holdLocked(held{call: c})
		g.mu.Unlock()
		if full {
			reject(c, g.fullOfHeld())
		}
		return false
	}
	gen := g.current // open, since closing it takes mu
	gen.count()
	g.mu.Unlock()
	return gen.start(c, false)
}

// reject answers a call that no generation has admitted. It drops a tick, because the
// tick's instance has ended and the next instance has its own ticks.
func reject(c *call.Call, err error) {
	if routeOf(c.Target()).tick {
		c.Drop()
		return
	}
	c.RejectArriving(err)
}

// holdLocked holds a call or an event. It returns false if the gate already holds its
// maximum.
func (g *Gate) holdLocked(h held) bool {
	if len(g.held) >= g.maxHeld {
		// Cancelled calls must not fill the gate.
		g.held = slices.DeleteFunc(g.held, func(h held) bool { return h.call != nil && h.call.Over() })
	}
	if len(g.held) >= g.maxHeld {
		return false
	}
	if h.call != nil {
		h.call.Hold()
	}
	g.held = append(g.held, h)
	g.heldSum++
	return true
}

// enterEnding counts a call into a closed generation, if calls still run there. It is for
// a call that one of these calls has made, or waits for: if it waited for them to end,
// none of them would end.
func (g *Gate) enterEnding(old *Generation) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !old.joinableLocked() {
		return false
	}
	old.count()
	return true
}

// calledFrom returns the generation of g whose handler has made a call, directly or
// through calls of other cogs. It returns nil unless all these handlers still run.
func (g *Gate) calledFrom(c *call.Call) *Generation {
	for p := c.Maker(); p != nil; p = p.Maker() {
		if at := p.Place(); at != nil && routeOf(at).generation.gate == g {
			return routeOf(at).generation
		}
	}
	return nil
}

// InFlight returns the number of calls that the gate holds, and the number in flight in
// the current generation.
func (g *Gate) InFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.countHeldLocked()
	if g.current != nil {
		n += g.current.InFlight()
	}
	return n
}

// countHeldLocked returns the number of calls and events that the gate holds, without
// cancelled calls.
func (g *Gate) countHeldLocked() int {
	n := 0
	for _, h := range g.held {
		if h.call == nil || !h.call.Over() {
			n++
		}
	}
	return n
}

// Panics returns how many handlers of the cog have panicked.
func (g *Gate) Panics() int64 { return g.panics.Load() }

func (g *Gate) fullOfHeld() *wire.Error {
	return call.Overloaded("cog %q is being reloaded, and %d calls wait already", g.Name, g.maxHeld)
}

// NoRoute returns the error for an endpoint that no cog has.
func NoRoute(endpoint string) *wire.Error {
	return wire.Errorf(wire.NoRoute, "no loaded cog has the route %.100q", endpoint)
}
