package gate

import (
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/instance"
)

// An Event is an event of a host. The gate admits it as a whole: either all listeners of
// one generation get it, or none does.
type Event struct {
	Host instance.Host
	Name string

	// Call makes the call of one listener, whose place is at. It returns nil when
	// the server has ended.
	Call func(at *call.Place) *call.Call

	// Placed is called once: with nil when all calls of the event are made, or with the
	// reason why no listener gets it.
	Placed func(err error)
}

// A subscription is an event of a host to which a cog listens. It belongs to the gate and
// outlives instances, so that an event during a reload is neither lost nor seen twice.
type subscription struct {
	host  instance.Host
	event string
}

// Subscribe makes gen's subscriptions the subscriptions of the gate. If gen is nil, the
// gate cancels all of its subscriptions.
// newEvent makes an Event of the data of a host.
func (g *Gate) Subscribe(gen *Generation, newEvent func(host instance.Host, name string, data []byte) *Event) {
	g.mu.Lock()
	var drop []func()
	for s, cancel := range g.subs {
		if gen == nil || gen.listeners[s] == nil {
			drop = append(drop, cancel)
			delete(g.subs, s)
		}
	}
	var add []subscription
	if gen != nil {
		for s := range gen.listeners {
			if g.subs[s] == nil {
				add = append(add, s)
			}
		}
	}
	g.mu.Unlock()
	// Without mu, because a host may deliver an event while it subscribes.
	for _, cancel := range drop {
		cancel()
	}
	for _, s := range add {
		cancel := s.host.Subscribe(s.event, func(data []byte) { g.Deliver(newEvent(s.host, s.event, data)) })
		g.mu.Lock()
		g.subs[s] = cancel
		g.mu.Unlock()
	}
}

// Deliver admits an event to the generation that serves, or holds it while the cog
// switches.
func (g *Gate) Deliver(e *Event) {
	g.mu.Lock()
	gen, err := g.current, g.shut
	var start []*call.Call
	switch {
	case err != nil:
	case g.holding:
		if !g.holdLocked(held{event: e}) {
			err = g.fullOfHeld()
		}
	case gen.InFlight()+len(gen.listeners[subscription{e.Host, e.Name}]) > int(gen.limit):
		err = gen.full()
	default:
		start = gen.spreadLocked(e)
	}
	heldNow := err == nil && g.holding
	g.mu.Unlock()
	if heldNow {
		return
	}
	e.Placed(err)
	for _, c := range start {
		c.HandOff()
	}
}

// spreadLocked makes a call of an event for each listener, and puts it into the lanes of
// events. It returns the calls whose turn has come. The caller holds the gate's mu, which
// keeps all calls of the event in one generation.
func (gen *Generation) spreadLocked(e *Event) (start []*call.Call) {
	for _, r := range gen.listeners[subscription{e.Host, e.Name}] {
		c := e.Call(&r.Place)
		if c == nil {
			continue
		}
		gen.count()
		if r.take(c) {
			start = append(start, c)
		}
	}
	return start
}
