// Package gate admits the work of a cog. A [Gate] lives from Load to Unload and
// outlives instances; each instance is a [Generation] of it. A call goes forward:
//
//	Admit      the gate counts it into the generation of its route, unless that
//	           is closed: then it holds the call, sends it on, or rejects it
//	order      the route puts it into its lanes, or lets it pass
//	Leave      the call gives its places back
//
// The gate never waits and never runs user code: the goroutine that
// runs a call finds its key, after the call has its place. Each step is O(1), and a switch is O(held).
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
	panics   atomic.Int64 // of handlers
	maxHeld  int
	env      *call.Env
	switches *Switches

	mu      sync.Mutex // protects the fields below, and drained of the generations
	current *Generation
	leaving []*Generation // closed generations before current that still have calls in flight
	holding bool
	held    []held
	heldSum int   // how many were held since the last hold
	shut    error // why the gate admits nothing, if it admits nothing
	subs    map[subscription]func()
}

// A held is a call or an event that waits in the gate while its cog switches.
type held struct {
	call  *call.Call
	event *Event // instead of call
}

// Defaults of the fields of cogs.Cog.
const (
	defaultInFlight = 1024
	defaultHeld     = 1000
)

// New returns the gate of a cog. It holds the work that comes until it gets a
// generation: routes are published a moment before that.
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

// Admit takes a call that has arrived to the gate of its target. It reports whether
// the caller runs the call now; otherwise the call waits for its turn, or is held, or
// was rejected.
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

// went looks for circles if a call does not run now, whether or not Admit has given it
// a place. It returns run.
func (g *Gate) went(c *call.Call, run bool) bool {
	if !run {
		g.lookForCircle(c)
	}
	return run
}

// redirect handles a call for a closed generation: it holds the call, sends it on, or
// rejects it.
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

// reject answers a call that no generation has admitted. A tick is dropped: its
// instance has ended, and the next one has ticks of its own.
func reject(c *call.Call, err error) {
	if routeOf(c.Target()).tick {
		c.Drop()
		return
	}
	c.RejectArriving(err)
}

// holdLocked holds a call or an event. It reports false if too many are held.
func (g *Gate) holdLocked(h held) bool {
	if len(g.held) >= g.maxHeld {
		// callers that give their calls up must not fill the gate with them
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

// enterEnding counts a call into a generation that is ending, if calls still run there.
// A call that one of them has made, or waits for, must not wait for them to end.
func (g *Gate) enterEnding(old *Generation) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !old.joinableLocked() {
		return false
	}
	old.count()
	return true
}

// calledFrom returns the generation of g from which a call was made, directly or
// through other cogs, by handlers that have not returned.
func (g *Gate) calledFrom(c *call.Call) *Generation {
	for p := c.Maker(); p != nil; p = p.Maker() {
		if at := p.Place(); at != nil && routeOf(at).generation.gate == g {
			return routeOf(at).generation
		}
	}
	return nil
}

// InFlight returns how many calls the gate holds, and how many are in flight in the
// current generation.
func (g *Gate) InFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.countHeldLocked()
	if g.current != nil {
		n += g.current.InFlight()
	}
	return n
}

// countHeldLocked returns how many calls and events the gate holds. Calls that were given
// up take no place.
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
