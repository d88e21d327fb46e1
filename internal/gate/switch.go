package gate

import (
	"slices"

	"github.com/cogbus/cogbus/internal/call"
)

// Hold closes the current generation, if it is open. From now on the gate holds the calls
// and events that come.
func (g *Gate) Hold() {
	g.switches.add(g)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holding, g.heldSum, g.shut = true, 0, nil
	g.closeLocked()
}

// Swap makes next the current generation, closes the previous one, and admits the held
// calls and events to next, in order of arrival. It returns their number.
func (g *Gate) Swap(next *Generation) int {
	g.mu.Lock()
	g.closeLocked()
	if old := g.current; old != nil && old.joinableLocked() {
		g.leaving = append(g.leaving, old)
	}
	g.current, g.shut = next, nil
	for _, r := range next.routes { // the inherited lanes still have the bounds of the previous generation
		if r.lanes != nil && r.lanes != next.serial {
			r.lanes.SetMaxWaiting(r.Endpoint.MaxWaiting)
		}
	}
	return g.openAndUnlock()
}

// Reopen lets the current generation, which Hold has closed, serve on.
func (g *Gate) Reopen() int {
	g.mu.Lock()
	g.current.drained = nil
	return g.openAndUnlock()
}

// openAndUnlock admits the held calls and events to the current generation and opens it,
// in one step. Calls that come meanwhile find the generation closed and wait for mu, so
// they come after the held ones. The time of the step depends only on the number of held
// calls, not on the calls that come meanwhile. openAndUnlock starts the held calls when
// the gate is open.
func (g *Gate) openAndUnlock() int {
	gen := g.current
	gen.count() // otherwise the end of the last call could mark gen as drained meanwhile
	var start, wait []*call.Call
	batch := g.held
	for _, h := range batch {
		switch {
		case h.event != nil:
			start = append(start, gen.spreadLocked(h.event)...)
		case gen.startHeld(h.call):
			start = append(start, h.call)
		case h.call.Parent != nil:
			wait = append(wait, h.call)
		}
	}
	sum := g.heldSum
	g.held, g.holding, g.heldSum = nil, false, 0
	gen.state.Add(-closedBit - 1)
	g.mu.Unlock()

	g.switches.remove(g)
	for _, c := range start {
		c.HandOff()
	}
	for _, c := range wait {
		g.lookForCircle(c)
	}
	for _, h := range batch {
		if h.event != nil {
			h.event.Placed(nil)
		}
	}
	return sum
}

func (gen *Generation) startHeld(c *call.Call) (run bool) {
	gen.count()
	return gen.start(c, true)
}

// RefuseAll closes the gate: the current generation gets no more calls, and the gate
// refuses all held calls and all later ones with err.
func (g *Gate) RefuseAll(err error) {
	g.mu.Lock()
	g.shut, g.holding = err, false
	g.closeLocked()
	batch := g.held
	g.held = nil
	g.mu.Unlock()
	g.switches.remove(g)
	for _, h := range batch {
		if h.event != nil {
			h.event.Placed(err)
		} else {
			reject(h.call, err)
		}
	}
}

// closeLocked stops the current generation from admitting calls.
func (g *Gate) closeLocked() {
	gen := g.current
	if gen == nil || gen.closed() {
		return
	}
	gen.drained = make(chan struct{})
	if gen.state.Add(closedBit) == closedBit { // nothing in flight
		close(gen.drained)
	}
}

// joinableLocked reports whether gen is closed and calls still run in it.
func (gen *Generation) joinableLocked() bool {
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

// empty notes that the last call of a closed generation is over.
func (g *Gate) empty(gen *Generation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if gen.state.Load() != closedBit || !gen.joinableLocked() {
		return // gen was reopened, or a call that its own handler made has entered it
	}
	close(gen.drained)
	g.leaving = slices.DeleteFunc(g.leaving, func(other *Generation) bool { return other == gen })
}

// Drained returns a channel that is closed when a closed generation is empty.
func (g *Gate) Drained(gen *Generation) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return gen.drained
}
