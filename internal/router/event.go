package router

import (
	"bytes"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
)

const eventCaller = "event"

// Subscribe makes the subscriptions of a gate those that gen needs; nil needs none.
func (r *Router) Subscribe(g *gate.Gate, gen *gate.Generation) { g.Subscribe(gen, r.newEvent) }

// newEvent returns an event that nobody waits for.
func (r *Router) newEvent(host instance.Host, name string, data []byte) *gate.Event {
	data = bytes.Clone(data) // the host does not leave it to us
	return &gate.Event{
		Host: host,
		Name: name,
		Call: func(at *call.Place) *call.Call {
			i := insider{r}
			c, err := i.make(call.Request{Endpoint: at.Endpoint.Name, Data: data, Caller: eventCaller}, i, at)
			if err != nil {
				return nil
			}
			return c
		},
		Placed: func(err error) {
			if err != nil {
				r.note("event "+name, eventCaller, nil, err)
			}
		},
	}
}
