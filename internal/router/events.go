package router

import (
	"bytes"

	"github.com/cogbus/cogbus/cogs"
)

// A subscription is what a cog listens to. It belongs to the gate and outlives
// instances, so that an event during a reload is neither lost nor seen twice.
type subscription struct {
	host  cogs.Host
	event string
}

// A listenerRef names a listener of whichever generation serves. A held event
// has index all: it becomes a call for each listener when it is released.
type listenerRef struct {
	subscription
	index int
}

const all = -1

// Subscribe makes the subscriptions those that gen needs; nil needs none.
func (g *Gate) Subscribe(srv *Router, gen *Generation) {
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
	// outside of mu: a host may deliver while it subscribes
	for _, cancel := range drop {
		cancel()
	}
	for _, s := range add {
		cancel := s.host.Subscribe(s.event, func(data []byte) { g.deliver(srv, s, data) })
		g.mu.Lock()
		g.subs[s] = cancel
		g.mu.Unlock()
	}
}

// deliver makes an event a call of each of the cog's listeners for it.
func (g *Gate) deliver(srv *Router, s subscription, data []byte) {
	event := newEvent(srv, s, all, bytes.Clone(data))
	g.mu.Lock()
	gen := g.current
	if g.holding {
		if len(g.held) < g.maxHeld {
			g.held = append(g.held, event)
			g.heldSum++
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		srv.Failed(event, overloaded("cog %q is being reloaded, and %d calls wait already", g.Name, g.maxHeld))
		return
	}
	g.mu.Unlock()
	if gen == nil {
		return
	}
	for _, c := range event.each(gen) {
		if g.admit(c, gen.route(c)) {
			c.HandOff()
		}
	}
}

func newEvent(srv *Router, s subscription, index int, data []byte) *Call {
	return &Call{
		session:  srv.Inside,
		endpoint: "event " + s.event,
		data:     data,
		admin:    true,
		inner:    &inner{caller: "event", listener: &listenerRef{s, index}},
	}
}

// each returns the calls that c stands for in gen: itself, or one for each
// listener.
func (c *Call) each(gen *Generation) []*Call {
	l := c.listener()
	if l == nil || l.index != all {
		return []*Call{c}
	}
	s := l.subscription
	var list []*Call
	for i := range gen.listeners[s] {
		one := newEvent(c.session.Router, s, i, c.data)
		one.inner.origin, one.inner.sent = c.inner.origin, c.inner.sent
		if one.session.Enter(one) == nil {
			list = append(list, one)
		}
	}
	return list
}
