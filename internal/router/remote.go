package router

import (
	"errors"
	"sync"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
)

// This file serves a cog in a child process. The bot sends it events and ticks, under
// the bot's own names.

// A remote makes the call of an event or a tick that the bot has passed on. Router
// Options.AnswerOnReturn is set there: an answer says that nothing runs any more.
type remote struct {
	insider
	origin  uint64      // the bot's name for it
	all     bool        // done is told of every error; else of the handler's own
	failure error       // written before done is called
	done    func(error) // called once
}

func (m *remote) Fail(dst []byte, c *call.Call, err error) []byte {
	if m.all || c.Returned() {
		m.failure = err
	}
	return dst
}

func (m *remote) Answer(c *call.Call, text []byte, flush bool) (seen bool) {
	seen = m.insider.Answer(c, text, flush)
	m.done(m.failure)
	return seen
}

// Origin returns the name of a call where it comes from: its id, or the bot's name for
// the event or the tick.
func Origin(c *call.Call) uint64 {
	if m, ok := c.MadeFor().(*remote); ok {
		return m.origin
	}
	return c.ID
}

// TickFrom runs a tick of gen, which the bot calls origin, and returns its call, nil if
// there is none. done is called once, when the handler has returned, with what it has
// failed with: a tick that a limit refuses is left out.
func (r *Router) TickFrom(gen *gate.Generation, e *instance.Endpoint, origin uint64, done func(error)) *call.Call {
	m := &remote{insider: insider{r}, origin: origin, done: done}
	at := gen.Tick(e)
	c, err := m.make(call.Request{Endpoint: e.Name, Caller: at.Cog}, m, at)
	if err != nil {
		done(nil)
		return nil
	}
	m.run(c)
	return c
}

// EventFrom makes an event, which the bot calls origin, calls of a gate's listeners.
// made is told of each call, done is called once, when all have returned, with what
// they have failed with. EventFrom does not keep data.
func (r *Router) EventFrom(g *gate.Gate, host instance.Host, name string, origin uint64, data []byte, made func(*call.Call), done func(error)) {
	data = append([]byte(nil), data...)
	j := &joint{left: 1, done: done}
	g.Deliver(&gate.Event{
		Host: host,
		Name: name,
		Call: func(at *call.Place) *call.Call {
			m := &remote{insider: insider{r}, origin: origin, all: true, done: j.leave}
			c, err := m.make(call.Request{Endpoint: at.Endpoint.Name, Data: data, Caller: eventCaller}, m, at)
			if err != nil {
				return nil
			}
			j.enter()
			made(c)
			return c
		},
		Placed: j.leave,
	})
}

// A joint waits for several calls.
type joint struct {
	done func(error)

	mu   sync.Mutex // protects the fields below
	left int
	errs []error
}

func (j *joint) enter() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.left++
}

func (j *joint) leave(err error) {
	j.mu.Lock()
	j.errs = append(j.errs, err)
	j.left--
	last := j.left == 0
	j.mu.Unlock()
	if last {
		j.done(errors.Join(j.errs...))
	}
}
