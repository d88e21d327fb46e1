package dialect

import (
	"sync"

	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
)

// ipcx speaks the Python package's dialect with one client: one request runs at
// a time, and answers leave in the order of the requests.
type ipcx struct {
	c *Connection

	mu    sync.Mutex // protects the fields below
	room  sync.Cond  // told when queue gets shorter
	busy  bool       // a request is unanswered
	queue []request  // what was read ahead
}

// readAhead is how many requests of a connection wait their turn before its
// reader waits too.
const readAhead = 64

// A request waits for those before it: a call, or an answer that is known.
type request struct {
	call   *router.Call
	answer []byte
}

func newIPCX(c *Connection) *ipcx {
	d := &ipcx{c: c}
	d.room.L = &d.mu
	return d
}

func (d *ipcx) Name() string { return "ipcx" }

func (d *ipcx) Head(dst []byte, _ *router.Call) []byte { return dst }

func (d *ipcx) Tail(dst []byte) []byte { return dst }

func (d *ipcx) Fail(dst []byte, _ *router.Call, err error) []byte {
	return wire.AppendErrorObject(dst, err)
}

func (d *ipcx) goAway(string) {} // the dialect has no word for it

func (d *ipcx) Send(_ *router.Call, text []byte, flush bool) {
	if !d.c.lost.Load() {
		_ = d.c.conn.Send(text) // an error is final, and the reader meets it
		if flush {
			d.c.conn.Flush()
		}
	}
	d.next()
}

// next starts the request behind the one that is answered. The reader's
// goroutine may be somewhere else by now: it runs on a worker.
func (d *ipcx) next() {
	for {
		d.mu.Lock()
		if len(d.queue) == 0 {
			d.busy = false
			d.mu.Unlock()
			return
		}
		r := d.queue[0]
		d.queue = append(d.queue[:0], d.queue[1:]...)
		d.room.Signal()
		d.mu.Unlock()
		if r.call != nil {
			d.begin(r.call)
			return
		}
		_ = d.c.conn.Send(r.answer)
		d.c.conn.Flush()
	}
}

func (d *ipcx) begin(c *router.Call) {
	if d.c.Router.Admit(c) {
		c.HandOff()
	}
}

// turnOf reports whether r may go now. Otherwise it is queued; while the queue
// is full, the reader waits.
func (d *ipcx) turnOf(r request) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.busy {
		d.busy = r.call != nil
		return true
	}
	for len(d.queue) >= readAhead {
		d.room.Wait()
	}
	if !d.busy { // it was the last one that made room
		d.busy = r.call != nil
		return true
	}
	d.queue = append(d.queue, r)
	return false
}

func (d *ipcx) answer(text []byte) {
	if d.turnOf(request{answer: text}) {
		_ = d.c.conn.Send(text)
	}
}

func (d *ipcx) receive(m *transport.Buffer, text bool) bool {
	var e wire.Envelope
	if err := e.Parse(m.B); err != nil {
		if !d.c.garbled(m, text) {
			d.reject(&e, err)
		}
		m.Free()
		return true
	}
	admin, ok := d.c.desk.Authorized(&e)
	if !ok {
		err := wire.Errorf(wire.Unauthorized, "no secret, or a wrong one")
		d.c.Router.Rejected(string(e.Endpoint), d.c.Remote, err)
		m.Free()
		cut := d.c.deny()
		d.answer(wire.AppendErrorObject(nil, err))
		if cut {
			d.c.Shut(transport.ClosePolicy, "too many wrong keys")
		}
		return true
	}
	d.c.failures = 0
	d.c.trusted.Store(true)
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
	if d.turnOf(request{call: c}) {
		return d.c.serve(c)
	}
	return true
}

func (d *ipcx) reject(e *wire.Envelope, err error) {
	d.c.Router.Rejected(string(e.Endpoint), d.c.Remote, err)
	d.answer(wire.AppendErrorObject(nil, err))
}
