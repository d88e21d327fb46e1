package transport

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cogbus/cogbus/internal/buffer"
)

// Close codes of RFC 6455 that cogbus sends.
const (
	CloseNormal      = websocket.CloseNormalClosure
	CloseGoingAway   = websocket.CloseGoingAway
	CloseInvalidUTF8 = websocket.CloseInvalidFramePayloadData
	ClosePolicy      = websocket.ClosePolicyViolation
)

// A Conn is one WebSocket connection. One goroutine at a time may read; all
// other methods may be called by any number of goroutines.
type Conn struct {
	ws   *websocket.Conn // for all but whole data frames
	link *link

	// owned by the reader
	max         int    // bytes of a message
	failed      error  // why nothing more can be received
	beforeClose func() // may be nil
}

func newConn(ws *websocket.Conn, l *link, maxMessage int) *Conn {
	c := &Conn{ws: ws, link: l}
	l.mu.Lock()
	l.until = time.Time{} // the handshake has set deadlines of its own
	l.mu.Unlock()
	c.SetMaxMessage(maxMessage)
	ws.SetPingHandler(func(payload string) error {
		// nothing holds up who sends nothing but pings; where much waits for
		// the peer, it hears of this end anyway
		if l.pending() < maxPending {
			_ = ws.WriteControl(websocket.PongMessage, []byte(payload), time.Time{})
		}
		return nil
	})
	ws.SetCloseHandler(func(code int, _ string) error {
		if code == websocket.CloseNoStatusReceived && l.in.half {
			c.writeClose(websocket.CloseProtocolError, "a close code has two bytes")
			return nil
		}
		if c.beforeClose != nil {
			c.beforeClose()
		}
		// always 1000: the Python package's server does so, and its client
		// waits for a code
		c.writeClose(CloseNormal, "")
		return nil
	})
	return c
}

// Receive waits for the next message and returns it, and whether it came as
// text. The buffer belongs to the caller. After an error the connection is of
// no more use, and each Receive returns it; [CloseStatus] tells whether the peer
// closed it.
func (c *Conn) Receive() (*buffer.Buffer, bool, error) {
	if c.failed != nil {
		return nil, false, c.failed
	}
	b, text, err := c.link.message(c.max)
	if b == nil && err == nil {
		b, text, err = c.receiveSlowly()
	}
	if err != nil {
		// what is left may be the middle of a frame: it must not be read as one
		c.link.in.drop()
		c.failed = c.because(err)
	}
	return b, text, c.failed
}

// receiveSlowly lets the WebSocket library receive the next message, and what
// comes before it.
func (c *Conn) receiveSlowly() (*buffer.Buffer, bool, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, false, err
	}
	b := buffer.New()
	for {
		if len(b.B) == cap(b.B) {
			b.B = append(b.B, 0)[:len(b.B)]
		}
		n, err := r.Read(b.B[len(b.B):cap(b.B)])
		b.B = b.B[:len(b.B)+n]
		if err == io.EOF {
			return b, kind == websocket.TextMessage, nil
		}
		if err != nil {
			b.Free()
			return nil, false, err
		}
	}
}

// because prefers the reason why the connection was cut to the one the reader
// saw then.
func (c *Conn) because(err error) error {
	if TooBig(err) {
		// the library says so itself, but not where the length is no number
		c.writeClose(websocket.CloseMessageTooBig, "")
	} else if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		c.writeClose(ClosePolicy, "a message did not arrive in time")
	}
	if cut := c.link.failure(); cut != nil && (errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)) {
		return cut
	}
	return err
}

// Buffered reports whether more has arrived than was received. Only the reader's
// goroutine may ask.
func (c *Conn) Buffered() bool { return c.link.in.r < c.link.in.w }

// Send gathers a text message; Flush writes it. Where much waits for a slow peer,
// Send waits too. The error is final: the connection is lost.
func (c *Conn) Send(text []byte) error { return c.link.send(text) }

// TrySend is Send for who must not wait: where much waits for a slow peer, it
// sends nothing and returns a channel that is closed when trying again may
// help. Somebody else must flush meanwhile.
func (c *Conn) TrySend(text []byte) (room <-chan struct{}, err error) { return c.link.trySend(text) }

// Flush writes what was sent, unless another goroutine is doing it: that one
// takes this along.
func (c *Conn) Flush() { c.link.Flush() }

// FlushBy lets another goroutine write: from now on Receive calls wake instead
// of Flush when something waits to be written. Two ends whose readers both write
// can wait for each other; an end whose reader never writes prevents that. Call
// it before the first Receive of the goroutine that reads from then on; wake must
// not block.
func (c *Conn) FlushBy(wake func()) { c.link.in.wake = wake }

// BeforeWait has Receive call f each time before it reads from the network, for which
// it may wait, also in the middle of a message. Call it before the first Receive.
func (c *Conn) BeforeWait(f func()) { c.link.in.waits = f }

// BeforeClose has f called when the peer's Close has come, before it is
// answered: nothing can be sent afterwards. Call it before the first Receive.
func (c *Conn) BeforeClose(f func()) { c.beforeClose = f }

// SetMaxMessage changes the size of the largest message that Receive takes. The
// reader's goroutine calls it.
func (c *Conn) SetMaxMessage(n int) {
	c.max = n
	c.ws.SetReadLimit(int64(n))
}

// Ping sends a ping.
func (c *Conn) Ping() {
	_ = c.ws.WriteControl(websocket.PingMessage, nil, time.Time{})
	c.Flush()
}

// Heard reports whether anything arrived since it was last called.
func (c *Conn) Heard() bool { return c.link.heard.Swap(false) }

// CloseStatus returns the code and the reason with which the peer closed the
// connection, if err says that it did.
func CloseStatus(err error) (code int, reason string, ok bool) {
	e, ok := errors.AsType[*websocket.CloseError](err)
	if !ok || e.Code == websocket.CloseAbnormalClosure {
		return 0, "", false
	}
	return e.Code, e.Text, true
}

// TooBig reports whether err says that the peer's message passed the limit.
func TooBig(err error) bool { return errors.Is(err, websocket.ErrReadLimit) }

// Cut reports whether err says that the connection ended without a Close.
func Cut(err error) bool {
	e, ok := errors.AsType[*websocket.CloseError](err)
	return ok && e.Code == websocket.CloseAbnormalClosure || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, syscall.ECONNRESET)
}

// StartClose sends a Close frame; the reader then sees the peer's answer. It
// does not wait.
func (c *Conn) StartClose(code int, reason string) {
	c.writeClose(code, reason)
	c.Flush()
}

func (c *Conn) writeClose(code int, reason string) {
	if len(reason) > 120 { // a control frame holds 125 bytes
		reason = reason[:120]
	}
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Time{})
}

// Linger ends the connection after its reader has failed: what was sent is
// written, and what the peer still sends is read and dropped for a moment, since
// closing with unread data would destroy what it was sent. A connection that
// cannot be closed by half, as one in memory, ends when all is written: both ends
// would wait for each other.
func (c *Conn) Linger(wait time.Duration) {
	timer := time.AfterFunc(wait, c.Abort) // also for a peer that does not read
	defer timer.Stop()
	c.link.drain()
	if half, ok := c.link.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
		_ = c.link.Conn.SetReadDeadline(time.Time{}) // a message may have had one
		c.link.discard()
	}
	c.Abort()
}

// Abort ends the connection at once. It does not wait.
func (c *Conn) Abort() { c.link.abort() }

// Subprotocol returns the subprotocol that both ends agreed on, "" for none.
func (c *Conn) Subprotocol() string { return c.ws.Subprotocol() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.link.RemoteAddr() }
