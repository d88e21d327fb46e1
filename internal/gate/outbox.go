package gate

import (
	"sync"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/workers"
)

// An outbox passes calls on to the process of a cog, in the order in which they were
// admitted: the lanes that they will wait in are there.
type outbox struct {
	mu      sync.Mutex // protects the fields below
	calls   []*call.Call
	sending bool // one goroutine is in send
}

// sendMost is how many calls a goroutine sends, also of others, before a worker goes
// on: it may be a connection's reader.
const sendMost = 64

func (o *outbox) put(c *call.Call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, c)
}

// send passes on the calls that are there. If another goroutine does so already, that
// one takes them along.
func (o *outbox) send(env *call.Env) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sending {
		return
	}
	o.sending = true
	for n := 0; len(o.calls) > 0; n++ {
		if n == sendMost {
			env.Workers.Go(workers.Func(func() { // ends when the outbox is empty
				o.mu.Lock()
				o.sending = false
				o.mu.Unlock()
				o.send(env)
			}))
			return
		}
		c := o.calls[0]
		o.calls = o.calls[1:]
		o.mu.Unlock()
		c.Relay()
		o.mu.Lock()
	}
	o.calls, o.sending = nil, false
}
