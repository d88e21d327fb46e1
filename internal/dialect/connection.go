package dialect

import (
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
)

// A Connection is one client: its session, its dialect, and the reader that
// feeds them.
type Connection struct {
	// fixed when Start is called
	router.Session
	hub     *Hub
	conn    *transport.Conn
	dialect dialect
	Owner   Owner

	turn    turn
	lost    atomic.Bool // the client is gone
	trusted atomic.Bool // the client has authenticated
	reading atomic.Bool // the reader has received messages since it last waited, and not handled all

	// owned by the reader, in turn
	failures uint8 // wrong secrets in a row
	rejected bool  // the reader has met a message after which it takes no more
	// later holds calls of this read for workers. If workers had them at once, they
	// would take the processors from the quick calls behind them.
	later []*call.Call
}

// An Owner owns the life of a connection. Its methods do not block.
type Owner interface {
	// Ended is told that nothing can be read any more.
	Ended(err error)
	// RequestClose is asked to close the connection.
	RequestClose(code int, reason string)
}

// A dialect translates between the messages of one client and calls.
type dialect interface {
	call.Maker

	// receive handles one message and frees it, at the latest when the call of the
	// message is over. It returns true if the goroutine is still the connection's
	// reader.
	receive(m *buffer.Buffer, text bool) bool

	// waitAnswers waits a moment for the answers to the requests that the client sent
	// before it left.
	waitAnswers()

	// cutOff cancels the calls in flight, and answers them with err.
	cutOff(err *wire.Error)

	// closeLast closes the connection because of a message of the client, when the
	// requests before that are answered. The reader takes no more messages.
	closeLast(code int, reason string)

	// goAway tells the client that the server will close.
	goAway(reason string)
}

// Start begins to read, on a goroutine that ends when Receive fails, and then tells Owner,
// or when takeOver has replaced it. A Close that the client answers makes Receive fail,
// and so does Drop: the connection actor sees to one of them (actors/connection_actor.go).
func (c *Connection) Start() { go c.read() }

// Trusted reports whether the client has authenticated.
func (c *Connection) Trusted() bool { return c.trusted.Load() }

// Heartbeats reports whether the dialect has heartbeats. The ipcx dialect has none,
// because the Python package's clients answer a ping by sending their request again.
func (c *Connection) Heartbeats() bool { return c.Limit > 0 }

// GoAway tells the client that the server will close.
func (c *Connection) GoAway(reason string) { c.dialect.goAway(reason) }

// CutOff ends the calls in flight with err, each with an answer. It does not wait for
// the client.
func (c *Connection) CutOff(err *wire.Error) { c.dialect.cutOff(err) }

// InFlight returns how many calls have no answer yet. Messages that the reader has not
// handled yet count as one: they may become calls, or get another answer.
func (c *Connection) InFlight() int {
	n := c.Session.InFlight()
	if c.reading.Load() {
		n++
	}
	return n
}

// Conn returns the transport's connection of this client.
func (c *Connection) Conn() *transport.Conn { return c.conn }

// Finish cancels the calls of a client that is gone, and closes the connection.
func (c *Connection) Finish() {
	c.lost.Store(true)
	c.End(wire.Errorf(wire.Unavailable, "the connection is closed"))
	c.CancelAll(every, gone())
	c.conn.Linger(time.Second)
	c.hub.Router.Unregister(&c.Session)
}

// Drop cuts off a client whose connection does not end by itself, also while its reader
// waits for a call.
func (c *Connection) Drop() {
	c.lost.Store(true)
	c.conn.Abort()
	c.CancelAll(every, gone())
}

func every(*call.Call) bool { return true }

// gone returns the error for calls of a client that cannot get answers any more.
func gone() *wire.Error { return wire.Errorf(wire.Canceled, "the caller is gone") }

// send passes an answer on. If flush is false, the reader writes it before it next waits.
func (c *Connection) send(text []byte, flush bool) {
	if c.lost.Load() {
		return
	}
	_ = c.conn.Send(text) // an error is final, and the reader gets it too
	if flush {
		c.conn.Flush()
	}
}

// penalize handles a wrong secret. If the client's address has sent many, it delays this
// connection's reader, and no other code. It returns true if the connection must end.
func (c *Connection) penalize() (cut bool) {
	c.failures++
	if wait := c.hub.Delay(c.conn.RemoteAddr()); wait > 0 {
		c.conn.Flush()
		time.Sleep(wait)
	}
	return c.failures >= maxFailures
}

// rejectInvalidUTF8 ends the connection if m is a text that is not UTF-8, as RFC 6455
// section 8.1 demands. It returns true in that case.
func (c *Connection) rejectInvalidUTF8(m *buffer.Buffer, text bool) bool {
	if !text || utf8.Valid(m.B) {
		return false
	}
	c.dialect.closeLast(transport.CloseInvalidUTF8, "a text message is not UTF-8")
	return true
}
