package client

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A connection is one connection of cogbus.v1 after its handshake. Only its reader and
// its writer touch the network.
type connection struct {
	owner  *redialer
	ws     *transport.Conn
	since  time.Time
	max    int           // size of the largest message that the server takes
	slots  chan struct{} // holds an element for each call that the server has in flight
	nextID atomic.Uint64

	wake  chan struct{} // tells the writer to flush
	gone  chan struct{} // closed when no new calls are taken
	leave chan struct{} // closed when no call waits for a reply any more
	ended chan struct{} // closed by the reader, last

	retiring sync.Once

	mu      sync.Mutex       // protects the fields below
	pending map[uint64]*call // calls by id. nil for a call that was given up: its slot is taken until the answer
	retired bool             // gone is closed
	leaving bool             // leave is closed
	silent  bool             // this end has cut the connection, because the peer was silent
	guard   *time.Timer      // cuts the connection if the peer does not let it end; set with leaving
}

func newConnection(d *redialer, ws *transport.Conn, welcome protocol.WelcomeBody) *connection {
	c := &connection{
		owner:   d,
		ws:      ws,
		since:   time.Now(),
		max:     welcome.Max,
		wake:    make(chan struct{}, 1),
		gone:    make(chan struct{}),
		leave:   make(chan struct{}),
		ended:   make(chan struct{}),
		pending: map[uint64]*call{},
	}
	if c.max <= 0 {
		c.max = protocol.MaxMessage
	}
	ws.SetMaxMessage(max(c.max, protocol.MaxMessage)) // a server may send more than it takes
	limit := welcome.Calls
	if limit <= 0 {
		limit = 1 << 30 // a channel of empty elements takes no memory
	}
	c.slots = make(chan struct{}, limit)
	ws.FlushBy(c.flushSoon)
	return c
}

// register lets call id wait for its reply. It reports false if no more calls are
// taken.
func (c *connection) register(id uint64, k *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired {
		return false
	}
	c.pending[id] = k
	return true
}

// withdraw undoes register for a call that was not sent. It reports whether the caller
// owns the call again.
func (c *connection) withdraw(id uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pending[id]; !ok {
		return false
	}
	delete(c.pending, id)
	c.leaveIfDoneLocked()
	return true
}

// abandon gives call id up: its reply will be dropped. It reports whether the caller
// owns the call again.
func (c *connection) abandon(id uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pending[id]; !ok {
		return false
	}
	c.pending[id] = nil
	return true
}

// answer ends call id. It reports whether a caller waits for the reply.
func (c *connection) answer(id uint64, got reply, err *wire.Error) bool {
	c.mu.Lock()
	k, ok := c.pending[id]
	if ok {
		delete(c.pending, id)
		c.freeSlot()
		c.leaveIfDoneLocked()
	}
	c.mu.Unlock()
	if k == nil {
		return false
	}
	k.reply = got
	if err != nil {
		k.err = err // otherwise k.err would hold a nil *Error, which is not nil
	}
	k.done <- struct{}{}
	return true
}

// freeSlot gives a slot back. It never waits, even if a server makes ids up.
func (c *connection) freeSlot() {
	select {
	case <-c.slots:
	default:
	}
}

// retire takes no new calls from now on. why says what the reason is.
func (c *connection) retire(why error) {
	c.retiring.Do(func() {
		// first, or calls would find a connection that turns them away
		c.owner.retired(c, why)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.retired = true
		close(c.gone)
		c.leaveIfDoneLocked()
	})
}

// leaveIfDoneLocked ends a retired connection without calls.
func (c *connection) leaveIfDoneLocked() {
	if c.retired && !c.leaving && len(c.pending) == 0 {
		c.leaving = true
		c.guard = time.AfterFunc(closeWait, c.ws.Abort)
		close(c.leave)
	}
}

// drop ends the calls of a retired connection with err.
func (c *connection) drop(err error) {
	c.mu.Lock()
	calls := c.pending
	c.pending = nil
	c.leaveIfDoneLocked()
	c.mu.Unlock()
	for _, k := range calls {
		if k != nil {
			k.err = err
			k.done <- struct{}{}
		}
	}
}

// shutdown ends the connection on behalf of Close.
func (c *connection) shutdown() {
	c.retire(closedError())
	c.drop(closedInFlight())
}
