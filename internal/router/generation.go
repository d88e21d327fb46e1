package router

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/cogbus/cogbus/cogs"
)

// A Generation is one instance of a cog, as it is served.
type Generation struct {
	gate      *Gate
	Number    uint64
	Instance  *cogs.Instance
	routes    map[string]*route
	listeners map[subscription][]*route
	ticks     map[*cogs.Endpoint]*route
	serial    *lanes // of a serial cog: common to everything
	events    *lanes // common to the listeners
	limit     int64

	state   atomic.Int64  // calls in flight, plus closedBit
	drained chan struct{} // protected by gate.mu; closed when closed and empty
}

const closedBit = 1 << 62

// NewGeneration returns an instance's generation, closed. Swap opens it. It takes
// the lanes of old over, if that is not nil: what is one at a time or in order
// stays so while calls of both run.
func NewGeneration(g *Gate, number uint64, i *cogs.Instance, old *Generation) *Generation {
	if old == nil {
		old = &Generation{}
	}
	cog := i.Cog()
	gen := &Generation{
		gate:      g,
		Number:    number,
		Instance:  i,
		routes:    map[string]*route{},
		listeners: map[subscription][]*route{},
		ticks:     map[*cogs.Endpoint]*route{},
		limit:     int64(cmp.Or(cog.MaxInFlight, defaultInFlight)),
	}
	if cog.Serial {
		gen.serial = (&lanes{limit: 1, single: true, byKey: map[string]*lane{}}).orOld(old.serial)
	}
	// all listeners have their lanes together: that a member left must not
	// overtake that the same one came
	if gen.events = gen.serial; gen.events == nil {
		gen.events = newLanes(1, 0).orOld(old.events)
	}
	gen.state.Store(closedBit) // until the gate opens it
	for _, e := range i.Endpoints() {
		gen.routes[e.Name] = newRoute(gen, e, cog, gen.serial)
		if was := old.routes[e.Name]; was != nil && gen.routes[e.Name].lanes != nil {
			gen.routes[e.Name].lanes = gen.routes[e.Name].lanes.orOld(was.lanes)
		}
	}
	for _, l := range i.Listeners() {
		s := subscription{l.Host, l.Event}
		gen.listeners[s] = append(gen.listeners[s], newRoute(gen, l.Endpoint, cog, gen.events))
	}
	var was []*cogs.Endpoint
	if old.Instance != nil {
		was = old.Instance.Ticks()
	}
	for n, e := range i.Ticks() {
		r := newRoute(gen, e, cog, gen.serial)
		if r.lanes == nil && !e.Relayed() {
			r.lanes = newLanes(1, 0) // it does not overlap that of the instance before
			if n < len(was) && was[n].Name == e.Name {
				r.lanes = r.lanes.orOld(old.ticks[was[n]].lanes)
			}
		}
		gen.ticks[e] = r
	}
	return gen
}

// Evict lets others have the places in lanes of calls that hang: the next
// generation must not wait for them.
func (g *Generation) Evict() {
	evicted := map[*lanes]bool{nil: true}
	for _, r := range g.all() {
		if !evicted[r.lanes] {
			evicted[r.lanes] = true
			r.lanes.evict(g)
		}
	}
}

// all returns the routes, listeners and ticks.
func (g *Generation) all() []*route {
	list := slices.Collect(maps.Values(g.routes))
	for _, l := range g.listeners {
		list = append(list, l...)
	}
	return slices.AppendSeq(list, maps.Values(g.ticks))
}

// enter counts a call in. It fails if the generation is closed or full.
func (g *Generation) enter() (closed, full bool) {
	switch n := g.state.Add(1); {
	case n >= closedBit:
		g.leave()
		return true, false
	case n > g.limit:
		g.leave()
		return false, true
	}
	return false, false
}

// leave counts a call out.
func (g *Generation) leave() {
	if g.state.Add(-1) == closedBit {
		g.gate.empty(g)
	}
}

func (g *Generation) closed() bool { return g.state.Load() >= closedBit }

// InFlight returns how many calls run or wait for their turn.
func (g *Generation) InFlight() int { return int(g.state.Load() &^ closedBit) }

func (g *Generation) full() error {
	return overloaded("cog %q has %d calls in flight", g.gate.Name, g.limit)
}

// Routes returns how many routes the generation has.
func (g *Generation) Routes() int { return len(g.routes) }

// String returns name and number.
func (g *Generation) String() string { return fmt.Sprintf("%s@%d", g.gate.Name, g.Number) }
