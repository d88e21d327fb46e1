package router

import (
	"cmp"
	"fmt"
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
	limit     int64

	state   atomic.Int64  // calls in flight, plus closedBit
	drained chan struct{} // protected by gate.mu; closed when closed and empty
}

const closedBit = 1 << 62

// NewGeneration returns an instance's generation, closed. Swap opens it.
func NewGeneration(g *Gate, number uint64, i *cogs.Instance) *Generation {
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
	var serial *lanes
	if cog.Serial {
		serial = newLanes(1, 0)
		serial.single = true
	}
	// all listeners have their lanes together: that a member left must not
	// overtake that the same one came
	events := serial
	if events == nil {
		events = newLanes(1, 0)
	}
	gen.state.Store(closedBit) // until the gate opens it
	for _, e := range i.Endpoints() {
		gen.routes[e.Name] = newRoute(gen, e, cog, serial)
	}
	for _, l := range i.Listeners() {
		s := subscription{l.Host, l.Event}
		gen.listeners[s] = append(gen.listeners[s], newRoute(gen, l.Endpoint, cog, events))
	}
	for _, e := range i.Ticks() {
		gen.ticks[e] = newRoute(gen, e, cog, serial)
	}
	return gen
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
