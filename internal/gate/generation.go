package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/instance"
)

// A Generation is one instance of a cog, as its gate sees it.
type Generation struct {
	Number   uint64
	Instance *instance.Instance

	gate      *Gate
	routes    map[string]*route
	listeners map[subscription][]*route
	ticks     map[*instance.Endpoint]*route
	serial    *lanes // the lanes of all work of a serial cog; nil for other cogs
	events    *lanes // the lanes of all listeners
	limit     int64
	outbox    outbox

	state   atomic.Int64  // calls in flight, plus closedBit
	drained chan struct{} // protected by gate.mu; closed when the generation is closed and empty
}

const closedBit = 1 << 62

// Next returns the generation of an instance. It is closed until Swap opens it. If old is
// not nil, the new generation takes over its lanes, so that calls run one at a time, or in
// order, also while calls of both generations run.
func (g *Gate) Next(number uint64, i *instance.Instance, old *Generation) *Generation {
	if old == nil {
		old = &Generation{}
	}
	cog := i.Cog()
	gen := &Generation{
		Number:    number,
		Instance:  i,
		gate:      g,
		routes:    map[string]*route{},
		listeners: map[subscription][]*route{},
		ticks:     map[*instance.Endpoint]*route{},
		limit:     int64(cmp.Or(cog.MaxInFlight, defaultInFlight)),
		outbox:    outbox{env: g.env},
	}
	gen.state.Store(closedBit) // until the gate opens it
	if cog.Serial {
		gen.serial = inherit(serialLanes(), old.serial)
	}
	// All listeners share their lanes. Otherwise the event that a member has left could
	// overtake the event that the same member has joined.
	if gen.events = gen.serial; gen.events == nil {
		gen.events = inherit(newLanes(1, 0), old.events)
	}
	for _, e := range i.Endpoints() {
		r := gen.newRoute(e, gen.serial)
		r.Counts = &g.counts
		if was := old.routes[e.Name]; was != nil {
			r.lanes = inherit(r.lanes, was.lanes)
		}
		gen.routes[e.Name] = r
	}
	for _, l := range i.Listeners() {
		s := subscription{l.Host, l.Event}
		gen.listeners[s] = append(gen.listeners[s], gen.newRoute(l.Endpoint, gen.events))
	}
	for n, e := range i.Ticks() {
		gen.ticks[e] = gen.newTick(n, e, old)
	}
	return gen
}

// newTick returns the route of a tick. It shares its lane with the same tick of the
// previous instance, so that the two do not overlap.
func (gen *Generation) newTick(n int, e *instance.Endpoint, old *Generation) *route {
	r := gen.newRoute(e, gen.serial)
	r.tick = true
	if r.lanes != nil || e.Relayed() {
		return r
	}
	r.setLanes(newLanes(1, 0))
	if old.Instance != nil {
		if was := old.Instance.Ticks(); n < len(was) && was[n].Name == e.Name {
			r.lanes = inherit(r.lanes, old.ticks[was[n]].lanes)
		}
	}
	return r
}

// Tick returns the place of the calls of a tick.
func (gen *Generation) Tick(e *instance.Endpoint) *call.Place { return &gen.ticks[e].Place }

// Places returns the places of all routes, by their names.
func (gen *Generation) Places() map[string]*call.Place {
	all := make(map[string]*call.Place, len(gen.routes))
	for name, r := range gen.routes {
		all[name] = &r.Place
	}
	return all
}

// Serves reports whether a call has its place in this generation and is not over.
func (gen *Generation) Serves(c *call.Call) bool {
	at := c.Place()
	return at != nil && routeOf(at).generation == gen
}

// Evict takes calls that hang out of their lanes, because the next generation must not
// wait for them.
func (gen *Generation) Evict() {
	evicted := map[*lanes]bool{nil: true}
	for _, r := range gen.all() {
		if !evicted[r.lanes] {
			evicted[r.lanes] = true
			r.lanes.Evict(gen.Serves)
		}
	}
}

// all returns the routes, listeners and ticks.
func (gen *Generation) all() []*route {
	list := slices.Collect(maps.Values(gen.routes))
	for _, l := range gen.listeners {
		list = append(list, l...)
	}
	return slices.AppendSeq(list, maps.Values(gen.ticks))
}

// start gives a call its place in the generation, which has counted it already. If passes
// is true, the limit of calls in flight does not apply, because the gate has held the
// call, or because calls of the generation wait for it.
func (gen *Generation) start(c *call.Call, passes bool) (run bool) {
	r := routeOf(c.Target())
	if r.generation != gen {
		if r.tick {
			gen.leave()
			c.Drop()
			return false
		}
		r = gen.routes[c.Endpoint]
	}
	switch {
	case r == nil:
		gen.leave()
		c.RejectArriving(NoRoute(c.Endpoint))
		return false
	case !passes && gen.InFlight() > int(gen.limit):
		gen.leave()
		c.RejectArriving(gen.full())
		return false
	}
	return r.take(c)
}

// enter counts a call in. It fails if the generation is closed or full.
func (gen *Generation) enter() (closed, full bool) {
	switch n := gen.state.Add(1); {
	case n >= closedBit:
		gen.leave()
		return true, false
	case n > gen.limit:
		gen.leave()
		return false, true
	}
	return false, false
}

// count counts a call in, also if the generation is closed or full.
func (gen *Generation) count() { gen.state.Add(1) }

// leave counts a call out.
func (gen *Generation) leave() {
	if gen.state.Add(-1) == closedBit {
		gen.gate.empty(gen)
	}
}

func (gen *Generation) closed() bool { return gen.state.Load() >= closedBit }

// InFlight returns how many calls run or wait for their turn.
func (gen *Generation) InFlight() int { return int(gen.state.Load() &^ closedBit) }

func (gen *Generation) full() error {
	return call.Overloaded("cog %q has %d calls in flight", gen.gate.Name, gen.limit)
}

// Routes returns how many routes the generation has.
func (gen *Generation) Routes() int { return len(gen.routes) }

// String returns name and number.
func (gen *Generation) String() string { return fmt.Sprintf("%s@%d", gen.gate.Name, gen.Number) }
