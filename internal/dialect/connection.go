package dialect

import (
	"log/slog"
	"net"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A Desk is what the connections of one server share.
type Desk struct {
	Router   *router.Router
	Keys     []Key // none: callers need no secret
	MaxCalls int   // in flight on one connection that speaks cogbus.v1
	Log      *slog.Logger

	watchdog watchdog
	guard    guard
}

// A Key is a secret and what it opens.
type Key struct {
	Secret string
	Admin  bool
}

// Close ends the watchdog. No connection may be read any more.
func (d *Desk) Close() { d.watchdog.close() }

// Authorized tells whether e carries a key, and whether that is the admin's.
func (d *Desk) Authorized(e *protocol.Envelope) (admin, ok bool) {
	if len(d.Keys) == 0 {
		return false, e.Authorized()
	}
	for _, k := range d.Keys {
		if e.Authorized(k.Secret) {
			admin, ok = k.Admin, true
		}
	}
	return admin, ok
}

// A Connection is one client: its session, its dialect, and the reader that
// feeds them.
type Connection struct {
	router.Session
	desk    *Desk
	conn    *transport.Conn
	dialect dialect

	// Ended is called when nothing can be read any more, Shut to ask for an
	// end. Both are set before Start and do not block.
	Ended func(err error)
	Shut  func(code int, reason string)

	turn     turn
	lost     atomic.Bool // the client is gone
	trusted  atomic.Bool // it has authenticated
	failures int         // wrong keys in a row; owned by the reader

	// later are calls of this read for workers, which would take the processors from
	// the quick calls behind them; owned by the reader, in turn
	later  []*call.Call
	waited bool // the reader has waited since it received a message; owned by the reader
}

// A dialect takes what a client says.
type dialect interface {
	call.Maker

	// receive handles one message and frees it, at the latest when the call
	// that it became is over. It reports whether the goroutine is still the
	// connection's reader.
	receive(m *buffer.Buffer, text bool) bool

	// rest waits a moment for the answers to what the client has asked before
	// it left.
	rest()

	// goAway tells the client that the server will close.
	goAway(reason string)
}

// Open returns the connection of a client, in the dialect that its handshake
// has chosen. Start starts it.
func (d *Desk) Open(conn *transport.Conn) *Connection {
	c := &Connection{desk: d, conn: conn}
	c.Router, c.Remote = d.Router, conn.RemoteAddr().String()
	if conn.Subprotocol() == protocol.Subprotocol {
		c.dialect, c.Dialect = &v1{c: c}, protocol.Subprotocol
		c.Limit = d.MaxCalls
	} else {
		c.dialect, c.Dialect = newIPCX(c), "ipcx"
	}
	c.Maker = c.dialect
	conn.BeforeClose(func() {
		c.handOffLater()
		c.dialect.rest()
	})
	conn.BeforeWait(func() {
		c.waited = true
		c.handOffLater()
	})
	d.Router.Register(&c.Session)
	return c
}

// Start begins to read. The reader ends when the client is gone, which Ended
// tells.
func (c *Connection) Start() { go c.read() }

// Trusted reports whether the client has authenticated.
func (c *Connection) Trusted() bool { return c.trusted.Load() }

// Heartbeats reports whether the dialect has them: the Python package's clients
// answer a ping by asking again.
func (c *Connection) Heartbeats() bool { return c.Limit > 0 }

// GoAway tells the client that the server will close.
func (c *Connection) GoAway(reason string) { c.dialect.goAway(reason) }

// Conn returns the connection under it.
func (c *Connection) Conn() *transport.Conn { return c.conn }

// Finish drops the calls of a client that is gone, and closes what is left.
func (c *Connection) Finish() {
	c.lost.Store(true)
	c.End(wire.Errorf(wire.Unavailable, "the connection is closed"))
	c.CancelAll()
	c.conn.Linger(time.Second)
	c.desk.Router.Unregister(&c.Session)
}

// Drop cuts a client off that does not let its connection end: its reader may
// wait for a call.
func (c *Connection) Drop() {
	c.lost.Store(true)
	c.conn.Abort()
	c.CancelAll()
}

// send passes an answer on. Without flush the reader will write it before it waits.
func (c *Connection) send(text []byte, flush bool) {
	if c.lost.Load() {
		return
	}
	_ = c.conn.Send(text) // an error is final, and the reader meets it
	if flush {
		c.conn.Flush()
	}
}

// deny makes the reader of a wrong key wait, if its address sends many. Only
// this connection waits with it. It reports whether to end the connection.
func (c *Connection) deny() (cut bool) {
	c.failures++
	if wait := c.desk.Delay(c.conn.RemoteAddr()); wait > 0 {
		c.conn.Flush()
		time.Sleep(wait)
	}
	return c.failures >= maxFailures
}

// Delay notes a wrong key from an address and returns how long to wait before
// it is answered.
func (d *Desk) Delay(from net.Addr) time.Duration { return d.guard.failed(hostOf(from), time.Now()) }

// garbled ends a connection whose text is not UTF-8, as RFC 6455 section 8.1
// asks. It reports whether m was such a text.
func (c *Connection) garbled(m *buffer.Buffer, text bool) bool {
	if !text || utf8.Valid(m.B) {
		return false
	}
	c.Shut(transport.CloseInvalidUTF8, "a text message is not UTF-8")
	return true
}
