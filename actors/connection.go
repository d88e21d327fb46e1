package actors

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
)

// A connection is one client: its session, and the reader that feeds it. Its
// life is with its actor.
type connection struct {
	session
	conn     *transport.Conn
	host     string // the client's address without the port
	dialect  dialect
	pid      *actor.PID
	via      *listening // how it came
	turn     turn
	readers  sync.WaitGroup
	lost     atomic.Bool // the client is gone
	trusted  atomic.Bool // it has authenticated
	failures int         // wrong keys in a row; owned by the reader
}

// A dialect takes what a client says.
type dialect interface {
	peer

	// receive handles one message and frees it, at the latest when the call
	// that it became is over. It reports whether the goroutine is still the
	// connection's reader.
	receive(m *transport.Buffer, text bool) bool

	// goAway tells the client that the server will close.
	goAway(reason string)
}

func (c *connection) startReader() { c.readers.Go(c.read) }

// read is the connection's reader, until the client is gone or the watchdog
// takes the reading away.
func (c *connection) read() {
	escaped := true
	defer func() {
		if escaped { // a handler called runtime.Goexit on this goroutine
			if now := c.turn.count.Load(); now%2 == 1 && c.turn.end(now) {
				c.startReader()
			}
		}
	}()
	for {
		m, text, err := c.conn.Receive()
		if err != nil {
			c.srv.system.Root.Send(c.pid, &readerEnded{err})
			break
		}
		if !c.dialect.receive(m, text) {
			break
		}
	}
	escaped = false
}

// serve admits a call that the reader has read and, if its route is quick, runs
// it here. It reports whether the goroutine is still the reader.
func (c *connection) serve(k *call) bool {
	if !c.srv.admit(k) {
		return true
	}
	if !k.route.pace.quick() {
		k.handOff()
		return true
	}
	k.inline = true
	token := c.turn.begin(k)
	c.srv.watchdog.watch(c)
	k.Run()
	if c.turn.end(token) {
		return true // the answer leaves before the reader waits
	}
	c.conn.Flush()
	return false
}

// drop ends the client's calls: nobody is left to answer to.
func (c *connection) drop() {
	c.lost.Store(true)
	c.session.end(wire.Errorf(wire.Unavailable, "the connection is closed"))
	for _, k := range c.matching(func(*call) bool { return true }) {
		k.abandon(wire.Errorf(wire.Canceled, "the caller of %q is gone", k.endpoint), context.Canceled)
	}
}

// deny makes the reader of a wrong key wait, if its address sends many. Only
// this connection waits with it. It reports whether to end the connection.
func (c *connection) deny() (cut bool) {
	c.failures++
	if wait := c.srv.guard.failed(c.host, time.Now()); wait > 0 {
		c.conn.Flush()
		time.Sleep(wait)
	}
	return c.failures >= maxFailures
}

// shut asks the connection's actor to end it.
func (c *connection) shut(code int, reason string) {
	c.srv.system.Root.Send(c.pid, &shut{code, reason})
}

// hostOf returns an address without its port.
func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}
