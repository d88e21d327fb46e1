package dialect

import (
	"log/slog"
	"net"
	"time"

	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A Hub holds the things that the connections of one server share.
type Hub struct {
	Router      *router.Router
	Credentials []Credential // if empty, callers need no secret
	MaxCalls    int          // the limit of calls in flight on one connection that speaks cogbus.v1
	Log         *slog.Logger

	watchdog watchdog
	guard    guard
}

// A Credential is a secret of clients. An admin may call everything.
type Credential struct {
	Secret string
	Admin  bool
}

// Close ends the watchdog. All readers of connections must have ended before.
func (h *Hub) Close() { h.watchdog.close() }

// Authorized reports whether e carries a credential, and whether it is an admin's.
func (h *Hub) Authorized(e *protocol.Envelope) (admin, ok bool) {
	if len(h.Credentials) == 0 {
		return false, e.Authorized()
	}
	for _, k := range h.Credentials {
		if e.Authorized(k.Secret) {
			admin, ok = k.Admin, true
		}
	}
	return admin, ok
}

// Open returns the connection of a client, in the dialect of its handshake. Start
// starts it.
func (h *Hub) Open(conn *transport.Conn) *Connection {
	c := &Connection{hub: h, conn: conn}
	c.Router, c.Remote = h.Router, conn.RemoteAddr().String()
	if conn.Subprotocol() == protocol.Subprotocol {
		c.dialect, c.Dialect = &v1{c: c}, protocol.Subprotocol
		c.Limit = h.MaxCalls
	} else {
		c.dialect, c.Dialect = &ipcx{c: c}, "ipcx"
	}
	c.Maker = c.dialect
	conn.BeforeClose(func() {
		c.handOffLater()
		c.dialect.waitAnswers()
	})
	conn.BeforeWait(func() {
		if c.reading.Load() {
			c.reading.Store(false)
		}
		c.handOffLater()
	})
	h.Router.Register(&c.Session)
	return c
}

// Delay notes a wrong secret from an address. It returns the time for which the answer
// must wait.
func (h *Hub) Delay(from net.Addr) time.Duration { return h.guard.failed(hostOf(from), time.Now()) }
