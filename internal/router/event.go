package router

import (
	"bytes"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
)

const eventCaller = "event"

// Subscribe makes gen's subscriptions the subscriptions of the gate; nil has none.
func (r *Router) Subscribe(g *gate.Gate, gen *gate.Generation) { g.Subscribe(gen, r.newEvent) }

// newEvent returns an event whose outcome goes to the log only.
func (r *Router) newEvent(host instance.Host, name string, data []byte) *gate.Event {
	data = bytes.Clone(data) // the host may use its data again
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
