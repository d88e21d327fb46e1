package gate

import (
	"sync"

	"github.com/cogbus/cogbus/internal/call"
)

// An outbox passes the calls of a generation on to the process of its cog. It keeps the
// order of their admission, because the lanes in which they will wait are in that process.
// One worker at a time passes calls on; it ends when the outbox is empty.
type outbox struct {
	env *call.Env

	mu      sync.Mutex // protects the fields below
	calls   []*call.Call
	sending bool // a worker is in Run, or will be
}

// put takes a call that was admitted.
func (o *outbox) put(c *call.Call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, c)
	if !o.sending {
		o.sending = true
		o.env.Workers.Go(o)
	}
}

// Run passes on all calls of the outbox.
func (o *outbox) Run() {
	returned := false
	defer func() {
		if !returned { // a relay called runtime.Goexit, so another worker passes on the next calls
			o.env.Workers.Go(o)
		}
	}()
	for c := o.next(); c != nil; c = o.next() {
		c.Relay()
	}
	returned = true
}

// next takes the first call out of the outbox. If there is none, the worker stops.
func (o *outbox) next() *call.Call {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.calls) == 0 {
		o.calls, o.sending = nil, false
		return nil
	}
	c := o.calls[0]
	o.calls[0] = nil
	o.calls = o.calls[1:]
	return c
}
