package client

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
)

// A connection is one connection of cogbus.v1 after its handshake. Its reader
// and its writer are the only goroutines that touch the network.
type connection struct {
	owner  *redialer
	ws     *transport.Conn
	since  time.Time
	max    int           // size of the largest message that the server takes
	slots  chan struct{} // holds one for each call that the server has in flight
	nextID atomic.Uint64

	wake  chan struct{} // something was sent: the writer flushes
	gone  chan struct{} // closed when no new calls are taken
	leave chan struct{} // closed when nothing more is to be waited for
	ended chan struct{} // closed by the reader, last

	retiring sync.Once

	mu      sync.Mutex       // protects the fields below
	pending map[uint64]*call // nil for a call whose caller has gone: its slot is taken until the answer
	retired bool             // gone is closed
	leaving bool             // leave is closed
	silent  bool             // cut by this end, since nothing was heard
	guard   *time.Timer      // cuts a connection whose peer does not let it end; set with leaving
}

// A call waits for its reply. Whoever takes it out of pending sets the outcome
// and sends on done, once; the caller reuses it afterwards.
type call struct {
	done  chan struct{} // of capacity 1
	reply reply
	err   error
	timer *time.Timer // nil until a call needs one
}

func newConnection(d *redialer, ws *transport.Conn, welcome wire.WelcomeBody) *connection {
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
		c.max = wire.MaxMessage
	}
	ws.SetMaxMessage(max(c.max, wire.MaxMessage)) // it may say as much as it takes
	limit := welcome.Calls
	if limit <= 0 {
		limit = 1 << 30 // takes no memory
	}
	c.slots = make(chan struct{}, limit)
	ws.FlushBy(c.flushSoon)
	return c
}

// exchange sends r and waits for its reply. With taken false it was certainly
// not sent, since the connection takes no more calls.
func (c *connection) exchange(r *request) (got reply, taken bool, err error) {
	select {
	case c.slots <- struct{}{}:
	default:
		if taken, err := c.queue(r); !taken || err != nil {
			return reply{}, taken, err
		}
	}
	id := c.nextID.Add(1)
	msg := transport.NewBuffer()
	defer msg.Free()
	left := time.Until(r.deadline)
	msg.B = wire.AppendCall(msg.B, id, r.endpoint, r.data, max(left, 1))
	switch {
	case left <= 0:
		err = r.over(wire.Timeout, "it was not sent", nil)
	case len(msg.B) > c.max:
		err = newError(wire.TooLarge, fmt.Sprintf("the request of %q has %d bytes, the bot takes %d", r.endpoint, len(msg.B), c.max))
	}
	if err != nil {
		<-c.slots
		return reply{}, true, err
	}

	k := c.owner.calls.Get().(*call)
	defer func() {
		k.reply, k.err = reply{}, nil
		c.owner.calls.Put(k)
	}()
	if !c.enter(id, k) {
		<-c.slots
		return reply{}, false, nil
	}
	if c.ws.Send(msg.B) != nil {
		// not all of it was taken, so none of it will run
		if !c.withdraw(id) {
			<-k.done
		}
		return reply{}, false, nil
	}
	c.flushSoon()
	c.await(r, id, k)
	return k.reply, true, k.err
}

// queue waits for a slot: the server would turn one call too many down.
func (c *connection) queue(r *request) (taken bool, err error) {
	ctx, cancel := r.context()
	defer cancel()
	select {
	case c.slots <- struct{}{}:
		return true, nil
	case <-c.gone:
		return false, nil
	case <-ctx.Done():
		return true, r.over(wire.Overloaded, fmt.Sprintf("%q was not sent: the bot takes %d calls at a time from a client, "+
			"and none of them has ended", r.endpoint, cap(c.slots)), nil)
	}
}

// await waits for the outcome of call id, which is then in k.
func (c *connection) await(r *request, id uint64, k *call) {
	var expired <-chan time.Time
	if r.timed {
		if k.timer == nil {
			k.timer = time.NewTimer(time.Until(r.deadline))
		} else {
			k.timer.Reset(time.Until(r.deadline))
		}
		defer k.timer.Stop()
		expired = k.timer.C
	}
	select {
	case <-k.done:
		return
	case <-r.ctx.Done():
	case <-expired:
	}
	if !c.abandon(id) {
		<-k.done // it is on its way
		return
	}
	err := r.over(wire.Timeout, "it may have run", nil)
	if wire.CodeOf(err) == wire.Canceled { // of the deadline the server knows
		msg := transport.NewBuffer()
		msg.B = wire.AppendCancel(msg.B, id)
		_ = c.ws.Send(msg.B) // an error ends the connection, and the call with it
		msg.Free()
		c.flushSoon()
	}
	k.err = err
}

// enter lets call id wait for its reply, unless no more calls are taken.
func (c *connection) enter(id uint64, k *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired {
		return false
	}
	c.pending[id] = k
	return true
}

// withdraw undoes enter for a call that was not sent. It reports whether the
// caller owns the call again.
func (c *connection) withdraw(id uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pending[id]; !ok {
		return false
	}
	delete(c.pending, id)
	<-c.slots
	return true
}

// abandon drops the reply of call id when it comes. It reports whether the
// caller owns the call again.
func (c *connection) abandon(id uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pending[id]; !ok {
		return false
	}
	c.pending[id] = nil
	return true
}

// answer ends call id. It reports whether somebody waits for the reply.
func (c *connection) answer(id uint64, got reply, err *wire.Error) bool {
	c.mu.Lock()
	k, ok := c.pending[id]
	if ok {
		delete(c.pending, id)
		<-c.slots
		c.leaveIfDone()
	}
	c.mu.Unlock()
	if k == nil {
		return false
	}
	k.reply = got
	if err != nil {
		k.err = err // a nil *Error in an error would be one
	}
	k.done <- struct{}{}
	return true
}

// retire takes no new calls from now on.
func (c *connection) retire() {
	c.retiring.Do(func() {
		// first, or calls would find a connection that turns them away
		c.owner.retired(c)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.retired = true
		close(c.gone)
		c.leaveIfDone()
	})
}

// leaveIfDone ends a connection that has no more use. The caller holds c.mu.
func (c *connection) leaveIfDone() {
	if c.retired && !c.leaving && len(c.pending) == 0 {
		c.leaving = true
		c.guard = time.AfterFunc(closeWait, c.ws.Abort)
		close(c.leave)
	}
}

// drop retires the connection and ends its calls with err.
func (c *connection) drop(err error) {
	c.retire()
	c.mu.Lock()
	calls := c.pending
	c.pending = nil
	c.leaveIfDone()
	c.mu.Unlock()
	for _, k := range calls {
		if k != nil {
			k.err = err
			k.done <- struct{}{}
		}
	}
}

// shutdown ends the connection on behalf of Close.
func (c *connection) shutdown() { c.drop(closedInFlight()) }

// flushSoon lets the writer write what was sent. Callers do not write
// themselves: a peer that does not read would hold them past their deadlines.
func (c *connection) flushSoon() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
