package actors

import (
	"sync"
	"unicode/utf8"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
)

// ipcx speaks the Python package's dialect with one client: one request runs at
// a time, and answers leave in the order of the requests.
type ipcx struct {
	c *connection

	mu    sync.Mutex // protects the fields below
	room  sync.Cond  // told when queue gets shorter
	busy  bool       // a request is unanswered
	queue []request  // what was read ahead
}

// A request waits for those before it: a call, or an answer that is known.
type request struct {
	call   *call
	answer []byte
}

func newIPCX(c *connection) *ipcx {
	d := &ipcx{c: c}
	d.room.L = &d.mu
	return d
}

func (d *ipcx) name() string { return "ipcx" }

func (d *ipcx) head(dst []byte, _ *call) []byte { return dst }

func (d *ipcx) tail(dst []byte) []byte { return dst }

func (d *ipcx) fail(dst []byte, _ *call, err error) []byte { return wire.AppendErrorObject(dst, err) }

func (d *ipcx) goAway(string) {} // the dialect has no word for it

func (d *ipcx) send(_ *call, text []byte, flush bool) {
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

func (d *ipcx) begin(c *call) {
	if d.c.srv.admit(c) {
		c.handOff()
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
		if text && !utf8.Valid(m.B) {
			d.c.shut(transport.CloseInvalidUTF8, "")
		} else {
			d.reject(&e, err)
		}
		m.Free()
		return true
	}
	admin, ok := d.c.srv.authorized(&e)
	if !ok {
		err := wire.Errorf(wire.Unauthorized, "no secret, or a wrong one")
		d.c.srv.rejected(d.c, string(e.Endpoint), err)
		m.Free()
		cut := d.c.deny()
		d.answer(wire.AppendErrorObject(nil, err))
		if cut {
			d.c.shut(transport.ClosePolicy, "too many wrong keys")
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
	c := &call{
		session: &d.c.session,
		data:    e.Data,
		buffer:  m,
		admin:   admin,
	}
	c.lookup(e.Endpoint)
	if err := d.c.enter(c); err != nil {
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
	d.c.srv.rejected(d.c, string(e.Endpoint), err)
	d.answer(wire.AppendErrorObject(nil, err))
}
