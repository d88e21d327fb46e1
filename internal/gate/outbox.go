package gate

import (
	"sync"

	"github.com/cogbus/cogbus/internal/call"
)

// An outbox passes the calls of a generation on to the process of its cog, in the order
// of their admission, because the lanes in which they will wait are in that process.
// One worker at a time does so, while there are any.
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

// Run passes on the calls that are there.
func (o *outbox) Run() {
	returned := false
	defer func() {
		if !returned { // a relay called runtime.Goexit: the next ones go on without it
			o.env.Workers.Go(o)
		}
	}()
	for c := o.next(); c != nil; c = o.next() {
		c.Relay()
	}
	returned = true
}

// next returns the first call. If there is none, the worker stops sending.
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
