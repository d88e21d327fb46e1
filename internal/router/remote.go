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

// A remote makes the call of an event or a tick that the bot has passed on. In a child
// process Router has Options.AnswerOnReturn, so an answer says that nothing of the call
// runs any more.
type remote struct {
	insider
	origin  uint64      // the bot's name for it
	all     bool        // done gets every error; otherwise only errors of the handler
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

// Origin returns the name of a call in the bot: its id, or the bot's name for the event
// or the tick.
func Origin(c *call.Call) uint64 {
	if m, ok := c.MadeFor().(*remote); ok {
		return m.origin
	}
	return c.ID
}

// TickFrom runs a tick of gen, which has the name origin in the bot, and returns its
// call, nil if there is none. done is called once, when the handler has returned, with
// the handler's error. A tick that a limit refuses has no error.
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

// EventFrom makes a call of each listener of a gate for an event, which has the name
// origin in the bot. made is told of each call. done is called once, when all have
// returned, with their errors. EventFrom does not keep data.
func (r *Router) EventFrom(g *gate.Gate, host instance.Host, name string, origin uint64, data []byte, made func(*call.Call), done func(error)) {
	data = append([]byte(nil), data...)
	j := &joint{left: 1, done: done}
	g.Deliver(&gate.Event{
		Host: host,
		Name: name,
		Call: func(at *call.Place) *call.Call {
			m := &remote{insider: insider{r}, origin: origin, all: true, done: j.returned}
			c, err := m.make(call.Request{Endpoint: at.Endpoint.Name, Data: data, Caller: eventCaller}, m, at)
			if err != nil {
				return nil
			}
			j.started()
			made(c)
			return c
		},
		Placed: j.returned,
	})
}

// A joint waits for several calls.
type joint struct {
	done func(error)

	mu   sync.Mutex // protects the fields below
	left int
	errs []error
}

func (j *joint) started() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.left++
}

func (j *joint) returned(err error) {
	j.mu.Lock()
	j.errs = append(j.errs, err)
	j.left--
	last := j.left == 0
	j.mu.Unlock()
	if last {
		j.done(errors.Join(j.errs...))
	}
}
