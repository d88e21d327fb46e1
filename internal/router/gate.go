package router

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// A Gate admits the calls and events of one cog from Load to Unload, whichever
// instance serves at the time.
type Gate struct {
	Name    string
	Panics  atomic.Int64 // of handlers
	maxHeld int
	counts  counts

	mu      sync.Mutex // protects the fields below, and drained of the generations
	current *Generation
	leaving []*Generation // closed ones before it whose calls still run
	holding bool
	held    []*Call
	heldSum int   // how many were held since the last hold
	shut    error // why nothing is admitted, if nothing is
	subs    map[subscription]func()
}

// NewGate returns the gate of a cog. It holds what comes until it gets a
// generation: routes are published a moment before that.
func NewGate(c cogs.Cog) *Gate {
	return &Gate{
		Name:    c.Name,
		maxHeld: cmp.Or(c.MaxHeld, defaultHeld),
		counts:  counts{began: time.Now()},
		holding: true,
		subs:    map[subscription]func(){},
	}
}

// Post admits a call and hands it to a worker.
func (g *Gate) Post(c *Call) {
	if g.admit(c, c.target) {
		c.HandOff()
	}
}

// admit takes a call for r, which a table showed for it; r may be nil. It
// reports whether the caller is to run the call now; otherwise the gate or a
// lane holds it, or it was refused.
func (g *Gate) admit(c *Call, r *route) bool {
	if c.parent != nil {
		if old := c.within(g); old != nil && (r == nil || r.generation != old) && g.join(old) {
			return c.start(old, true)
		}
	}
	if r == nil {
		return g.redirect(c)
	}
	closed, full := r.generation.enter()
	switch {
	case closed:
		return g.redirect(c)
	case full:
		return c.refuse(r.generation.full())
	}
	return c.admitted(r) && r.queue(c)
}

// redirect finds what to do with a call whose generation is closed.
func (g *Gate) redirect(c *Call) bool {
	draining := c.draining() // a walk up its makers; not under mu
	if c.target != nil {
		c.bound(c.target.timeout)
	}
	g.mu.Lock()
	switch {
	case g.shut != nil:
		err := g.shut
		g.mu.Unlock()
		return c.refuse(err)
	case g.holding:
		if old := g.current; draining && old != nil && old.joinable() {
			old.state.Add(1)
			g.mu.Unlock()
			return c.start(old, true)
		}
		if len(g.held) >= g.maxHeld {
			// who gives calls up must not fill the gate with them
			g.held = slices.DeleteFunc(g.held, func(c *Call) bool { return c.stage.Load() == over })
		}
		if len(g.held) >= g.maxHeld {
			g.mu.Unlock()
			return c.refuse(overloaded("cog %q is being reloaded, and %d calls wait already", g.Name, g.maxHeld))
		}
		c.held = true
		g.held = append(g.held, c)
		g.heldSum++
		g.mu.Unlock()
		c.arm()
		return false
	}
	gen := g.current // open: closing it takes mu
	gen.state.Add(1)
	g.mu.Unlock()
	return c.start(gen, false)
}

// start runs a call on gen, which it has entered. A call that was held, or that
// others wait for, passes the limit: it was let in before.
func (c *Call) start(gen *Generation, passes bool) bool {
	r := gen.route(c)
	switch {
	case r == nil:
		gen.leave()
		return c.refuse(noRoute(c.endpoint))
	case !passes && gen.InFlight() > int(gen.limit):
		gen.leave()
		return c.refuse(gen.full())
	}
	return c.admitted(r) && r.queue(c)
}

// join lets a call enter a generation that is ending, if calls still run there.
// What is made by one of them, or by something that they wait for, must not wait
// for them to end.
func (g *Gate) join(old *Generation) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !old.joinable() {
		return false
	}
	old.state.Add(1)
	return true
}

// joinable reports whether gen is closed and calls still run in it. The caller
// holds the gate's mu, so that it does not become empty meanwhile.
func (gen *Generation) joinable() bool {
	if gen.drained == nil {
		return false
	}
	select {
	case <-gen.drained:
		return false
	default:
		return true
	}
}

// route returns the generation's route for a call that was looked up elsewhere.
func (gen *Generation) route(c *Call) *route {
	if c.target != nil && c.target.generation == gen {
		return c.target
	}
	l := c.listener()
	if l == nil {
		return gen.routes[c.endpoint]
	}
	if list := gen.listeners[l.subscription]; l.index < len(list) {
		return list[l.index]
	}
	return nil
}

func noRoute(endpoint string) *wire.Error {
	return wire.Errorf(wire.NoRoute, "no loaded cog has the route %.100q", endpoint)
}

// Hold closes the current generation, if it is open; calls that come wait in the
// gate.
func (g *Gate) Hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holding, g.heldSum, g.shut = true, 0, nil
	if g.current != nil && !g.current.closed() {
		g.close(g.current)
	}
}

// Swap makes next the current generation, closes the one before, and admits
// what was held, in order. It returns how many were held.
func (g *Gate) Swap(next *Generation) int {
	g.mu.Lock()
	if old := g.current; old != nil {
		if !old.closed() {
			g.close(old)
		}
		if old.joinable() {
			g.leaving = append(g.leaving, old)
		}
	}
	g.current, g.shut = next, nil
	for _, r := range next.routes { // lanes that it took over have the old bounds
		if r.lanes != nil && r.lanes != next.serial {
			r.lanes.bound(r.endpoint.MaxWaiting)
		}
	}
	return g.release()
}

// Reopen lets the current generation, which Hold has closed, serve on.
func (g *Gate) Reopen() int {
	g.mu.Lock()
	g.current.drained = nil
	return g.release()
}

// release admits what was held to the current generation, opens it and
// unlocks. It opens last: calls that come meanwhile must not overtake.
func (g *Gate) release() int {
	gen := g.current
	g.holding = true
	for len(g.held) > 0 {
		batch := g.held
		g.held = nil
		g.mu.Unlock()
		for _, c := range batch {
			g.releaseOne(c, gen)
		}
		g.mu.Lock()
	}
	sum := g.heldSum
	g.holding, g.heldSum = false, 0
	gen.state.Add(-closedBit)
	g.mu.Unlock()
	return sum
}

func (g *Gate) releaseOne(c *Call, gen *Generation) {
	for _, one := range c.each(gen) {
		gen.state.Add(1)
		if one.start(gen, true) {
			one.HandOff()
		}
	}
}

// RefuseAll closes the gate: the current generation gets no more calls, and
// those held and all that come are refused with err.
func (g *Gate) RefuseAll(err error) {
	g.mu.Lock()
	g.shut, g.holding = err, false
	if g.current != nil && !g.current.closed() {
		g.close(g.current)
	}
	batch := g.held
	g.held = nil
	g.mu.Unlock()
	for _, c := range batch {
		c.refuse(err)
	}
}

// close stops gen from admitting calls. The caller holds mu.
func (g *Gate) close(gen *Generation) {
	gen.drained = make(chan struct{})
	if gen.state.Add(closedBit) == closedBit { // nothing in flight
		close(gen.drained)
	}
}

// empty is told that the last call of a closed generation has returned.
func (g *Gate) empty(gen *Generation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if gen.state.Load() != closedBit || gen.drained == nil {
		return // reopened, or entered again by a call of its own
	}
	select {
	case <-gen.drained:
	default:
		close(gen.drained)
		g.leaving = slices.DeleteFunc(g.leaving, func(other *Generation) bool { return other == gen })
	}
}

// Drained returns the channel that tells when a closed generation is empty.
func (g *Gate) Drained(gen *Generation) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return gen.drained
}

// InFlight returns how many calls the gate holds, and how many are in flight in
// the current generation.
func (g *Gate) InFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.held)
	if g.current != nil {
		n += g.current.InFlight()
	}
	return n
}
