package dialect

import (
	"errors"
	"sync"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// ipcx speaks the Python package's dialect with one client. One request runs at a time,
// and answers leave in the order of the requests.
type ipcx struct {
	c *Connection

	mu        sync.Mutex    // protects the fields below
	room      *sync.Cond    // signals that queue has become shorter; nil until the reader has waited for that
	queue     []request     // the requests that were read ahead
	refusal   *wire.Error   // the answer to requests whose turn comes from now on; nil: they run
	arriving  *call.Call    // the call of the reader while it waits for room
	idle      chan struct{} // closed when no request is unanswered; nil if no goroutine waits for that
	busy      bool          // a request is unanswered
	answered  bool          // the request before queue is answered
	advancing bool          // a goroutine is in next, and will see answered
}

// lastMoment is the time for which the calls of a client that has left may go on. The
// Python package's server runs a request that has arrived, and answers it if it can, even
// if its client has left since. But a route that hangs must not delay a Close for long.
const lastMoment = 500 * time.Millisecond

// readAhead is the number of requests of a connection that may wait for their turn.
// Beyond it the reader waits too.
const readAhead = 64

// A request waits for the requests before it. It has a call, or an answer that is known
// already.
type request struct {
	call   *call.Call
	answer []byte
}

func (d *ipcx) Head(dst []byte, _ *call.Call) []byte { return dst }

func (d *ipcx) Tail(dst []byte) []byte { return dst }

func (d *ipcx) Fail(dst []byte, _ *call.Call, err error) []byte {
	if e, ok := errors.AsType[call.LongResponse](err); ok {
		// The Python package has its own text for values that cannot be sent.
		err = codec.NotSerialisable{Err: errors.New(e.Error())}
	}
	return protocol.AppendErrorObject(dst, err)
}

func (d *ipcx) goAway(string) {} // the dialect has no word for it

func (d *ipcx) Over(*call.Call) {}

func (d *ipcx) Answer(c *call.Call, text []byte, flush bool) (seen bool) {
	seen = d.c.Forget(c)
	d.c.send(text, flush)
	d.next()
	d.c.Sent()
	return seen
}

// next notes that a request is answered, and starts the requests behind it. They run on
// workers, since the reader's goroutine may be busy by now. A refused request is answered
// before Admit returns, and its answer calls next again. That inner next only sets
// answered, and the loop below goes on; otherwise thousands of refusals would pile up on
// the stack.
func (d *ipcx) next() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answered = true
	if d.advancing {
		return
	}
	d.advancing = true
	for d.answered {
		if d.c.lost.Load() {
			d.queue = nil // their calls are cancelled and do not run
			d.tellRoomLocked()
		}
		if len(d.queue) == 0 {
			d.busy = false
			if d.idle != nil {
				close(d.idle)
				d.idle = nil
			}
			break
		}
		r := d.queue[0]
		d.queue = append(d.queue[:0], d.queue[1:]...)
		d.tellRoomLocked()
		d.answered = r.call == nil
		refusal := d.refusal
		d.mu.Unlock()
		switch {
		case r.call == nil:
			_ = d.c.conn.Send(r.answer)
			d.c.conn.Flush()
		case refusal != nil:
			r.call.RejectArriving(refusal)
		case d.c.Router.Admit(r.call):
			r.call.HandOff()
		}
		d.mu.Lock()
	}
	d.advancing = false
}

// closeLast waits for the answers to the requests that run or wait, since behind a Close
// nothing can be said. They have deadlines.
func (d *ipcx) closeLast(code int, reason string) {
	d.c.rejected = true
	d.mu.Lock()
	var idle chan struct{}
	if d.busy {
		if d.idle == nil {
			d.idle = make(chan struct{})
		}
		idle = d.idle
	}
	d.mu.Unlock()
	if idle != nil {
		d.c.conn.Flush()
		<-idle
	}
	d.c.Owner.RequestClose(code, reason)
}

// cutOff cancels the request that runs. Each request behind it is refused when its turn
// comes, because answers leave in the order of the requests.
func (d *ipcx) cutOff(err *wire.Error) {
	d.mu.Lock()
	d.refusal = err
	behind := map[*call.Call]bool{d.arriving: true}
	for _, r := range d.queue {
		behind[r.call] = true
	}
	d.mu.Unlock()
	d.c.CancelAll(func(c *call.Call) bool { return !behind[c] }, err)
}

func (d *ipcx) waitAnswers() {
	d.mu.Lock()
	if !d.busy {
		d.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	d.idle = idle
	d.mu.Unlock()
	timer := time.NewTimer(lastMoment)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	}
}

// tellRoomLocked wakes the reader if it waits for room in the queue.
func (d *ipcx) tellRoomLocked() {
	if d.room != nil {
		d.room.Signal()
	}
}

// turnOf reports whether r may go now; with a refusal, it is to be refused. Otherwise
// turnOf has queued it. While the queue is full, the reader waits.
func (d *ipcx) turnOf(r request) (now bool, refusal *wire.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.busy {
		d.busy = r.call != nil
		return true, d.refusal
	}
	d.arriving = r.call
	for len(d.queue) >= readAhead {
		if d.room == nil {
			d.room = sync.NewCond(&d.mu)
		}
		d.room.Wait()
	}
	d.arriving = nil
	if d.c.lost.Load() {
		return false, nil // cancelled with all other calls
	}
	if !d.busy { // the request that made room was the last one
		d.busy = r.call != nil
		return true, d.refusal
	}
	d.queue = append(d.queue, r)
	return false, nil
}

func (d *ipcx) answer(text []byte) {
	if now, _ := d.turnOf(request{answer: text}); now {
		_ = d.c.conn.Send(text)
	}
}

func (d *ipcx) receive(m *buffer.Buffer, text bool) bool {
	if d.c.trusted.Load() {
		return d.take(m, text)
	}
	d.c.onWorker(func() { d.take(m, text) })
	return true
}

func (d *ipcx) take(m *buffer.Buffer, text bool) bool {
	var e protocol.Envelope
	if err := e.Parse(m.B); err != nil {
		if !d.c.rejectInvalidUTF8(m, text) {
			d.reject(&e, err)
		}
		m.Free()
		return true
	}
	admin, ok := d.c.hub.Authorized(&e)
	if !ok {
		err := wire.Errorf(wire.Unauthorized, "no secret, or a wrong one")
		d.c.Router.Rejected(string(e.Endpoint), d.c.Remote, err)
		m.Free()
		cut := d.c.penalize()
		d.answer(protocol.AppendErrorObject(nil, err))
		if cut {
			d.closeLast(transport.ClosePolicy, "too many wrong keys")
		}
		return true
	}
	d.c.failures = 0
	first := !d.c.trusted.Load()
	if first {
		d.c.trusted.Store(true)
	}
	if err := e.Check(); err != nil {
		d.reject(&e, err)
		m.Free()
		return true
	}
	c := d.c.NewCall(&router.Request{Endpoint: e.Endpoint, Data: e.Data, Buffer: m, Admin: admin})
	if err := d.c.Enter(c); err != nil {
		d.reject(&e, err)
		m.Free()
		return true
	}
	now, refusal := d.turnOf(request{call: c})
	switch {
	case !now:
		return true
	case refusal != nil:
		c.RejectArriving(refusal)
		return true
	}
	if first { // not on the reader: see Connection.onWorker
		if d.c.Router.Admit(c) {
			c.HandOff()
		}
		return true
	}
	if !d.c.serve(c) {
		return false
	}
	d.c.handOffLater() // the requests behind it must wait for its answer anyway
	return true
}

func (d *ipcx) reject(e *protocol.Envelope, err error) {
	d.c.Router.Rejected(string(e.Endpoint), d.c.Remote, err)
	d.answer(protocol.AppendErrorObject(nil, err))
}
