package actors

import (
	"cmp"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
)

// A generation is one instance of a cog, as it is served.
type generation struct {
	gate      *gate
	number    uint64
	instance  *cogs.Instance
	routes    map[string]*route
	listeners map[subscription][]*route
	ticks     map[*cogs.Endpoint]*route
	limit     int64

	state   atomic.Int64  // calls in flight, plus closedBit
	drained chan struct{} // protected by gate.mu; closed when closed and empty
	since   time.Time     // when it was activated; owned by the cog's transitions
}

const closedBit = 1 << 62

func newGeneration(g *gate, number uint64, i *cogs.Instance) *generation {
	cog := i.Cog()
	gen := &generation{
		gate:      g,
		number:    number,
		instance:  i,
		routes:    map[string]*route{},
		listeners: map[subscription][]*route{},
		ticks:     map[*cogs.Endpoint]*route{},
		limit:     int64(cmp.Or(cog.MaxInFlight, defaultInFlight)),
	}
	var serial *lanes
	if cog.Serial {
		serial = newLanes(1, 0)
		serial.shared = true
	}
	gen.state.Store(closedBit) // until the gate opens it
	for _, e := range i.Endpoints() {
		gen.routes[e.Name] = newRoute(gen, e, cog, serial)
	}
	for _, l := range i.Listeners() {
		s := subscription{l.Host, l.Event}
		gen.listeners[s] = append(gen.listeners[s], newRoute(gen, l.Endpoint, cog, serial))
	}
	for _, e := range i.Ticks() {
		gen.ticks[e] = newRoute(gen, e, cog, serial)
	}
	return gen
}

// enter counts a call in. It fails if the generation is closed or full.
func (g *generation) enter() (closed, full bool) {
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
func (g *generation) leave() {
	if g.state.Add(-1) == closedBit {
		g.gate.empty(g)
	}
}

func (g *generation) closed() bool { return g.state.Load() >= closedBit }

func (g *generation) inFlight() int { return int(g.state.Load() &^ closedBit) }

func (g *generation) full() error {
	return overloaded("cog %q has %d calls in flight", g.gate.name, g.limit)
}

func (g *generation) String() string { return fmt.Sprintf("%s@%d", g.gate.name, g.number) }
