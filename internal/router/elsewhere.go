package router

import (
	"errors"
	"sync"

	"github.com/cogbus/cogbus/cogs"
)

// What follows is for a cog whose bot is another process: it gets events and
// ticks from there, under names of that process.

// Origin returns the name of what the call stands for where it comes from: its
// id, or that of the event or the tick.
func (c *Call) Origin() uint64 {
	if c.inner != nil && c.inner.origin != 0 {
		return c.inner.origin
	}
	return c.id
}

// Deliver makes an event a call of each of the cog's listeners for it, which it
// returns. done is called once, when all have returned, with what they failed
// with. Deliver does not keep data.
func (g *Gate) Deliver(srv *Router, host cogs.Host, event string, origin uint64, data []byte, done func(error)) []*Call {
	g.mu.Lock()
	gen := g.current
	g.mu.Unlock()
	if gen == nil {
		done(nil)
		return nil
	}
	s := subscription{host, event}
	j := &join{left: 1, done: done}
	c := newEvent(srv, s, all, append([]byte(nil), data...))
	c.inner.origin, c.inner.sent = origin, j.leave
	list := c.each(gen)
	j.left += len(list)
	for _, c := range list {
		if g.admit(c, gen.listeners[s][c.inner.listener.index]) {
			c.HandOff()
		}
	}
	j.leave(nil)
	return list
}

// TickFrom runs a tick of gen as one of its calls, which it returns. done is
// called once, when it has returned, with what it failed with: a tick that a limit
// refuses is left out.
func (s *Router) TickFrom(gen *Generation, e *cogs.Endpoint, origin uint64, done func(error)) *Call {
	c := &Call{
		session:  s.Inside,
		inner:    &inner{caller: gen.gate.Name, origin: origin},
		endpoint: e.Name,
		admin:    true,
		target:   gen.ticks[e],
	}
	c.inner.sent = func(error) { done(c.inner.cause) }
	if s.Inside.Enter(c) != nil {
		done(nil)
	} else if s.Admit(c) {
		c.HandOff()
	}
	return c
}

// A join waits for several calls.
type join struct {
	done func(error)

	mu   sync.Mutex // protects the fields below
	left int
	errs []error
}

func (j *join) leave(err error) {
	j.mu.Lock()
	j.errs = append(j.errs, err)
	j.left--
	last := j.left == 0
	j.mu.Unlock()
	if last {
		j.done(errors.Join(j.errs...))
	}
}

// reason returns what a call failed with, for who may know all of it.
func (in *inner) reason() error {
	switch {
	case in.cause != nil:
		return in.cause
	case in.failure != nil:
		return in.failure
	}
	return nil
}
