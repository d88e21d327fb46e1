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
	ws     *websocket.Conn // reads and writes all frames but whole data frames
	frames *frameConn

	// owned by the reader
	max         int    // bytes of a message
	failed      error  // the reason why Receive fails
	beforeClose func() // may be nil
}

func newConn(ws *websocket.Conn, l *frameConn, maxMessage int) *Conn {
	c := &Conn{ws: ws, frames: l}
	l.mu.Lock()
	l.until = time.Time{} // the handshake has left a write deadline
	l.mu.Unlock()
	c.SetMaxMessage(maxMessage)
	ws.SetPingHandler(func(payload string) error {
		// The ping of a peer must not make this end wait. If many bytes wait for the
		// peer, it will hear of this end even without a pong.
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
		// always 1000, as the Python package's server sends, since that package's
		// client waits for a code
		c.writeClose(CloseNormal, "")
		return nil
	})
	return c
}

// Receive waits for the next message and returns it, and reports whether it came as
// text. The buffer belongs to the caller. After an error the connection is of no more
// use, and each Receive returns the same error; [CloseStatus] tells whether the peer
// closed the connection.
func (c *Conn) Receive() (*buffer.Buffer, bool, error) {
	if c.failed != nil {
		return nil, false, c.failed
	}
	b, text, err := c.frames.message(c.max)
	if b == nil && err == nil {
		b, text, err = c.receiveSlowly()
	}
	if err != nil {
		// the rest may begin in the middle of a frame, so it must not be read as a
		// frame
		c.frames.in.drop()
		c.failed = c.reason(err)
	}
	return b, text, c.failed
}

// receiveSlowly lets the WebSocket library receive the next message, and the control
// frames before it.
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

// reason returns the error of Receive: the reason why this end has cut the connection,
// if there is one, otherwise the error of the reader.
func (c *Conn) reason(err error) error {
	if TooBig(err) {
		// the library sends this Close itself, except if the length is invalid
		c.writeClose(websocket.CloseMessageTooBig, "")
	} else if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		c.writeClose(ClosePolicy, "a message did not arrive in time")
	}
	if cut := c.frames.failure(); cut != nil && (errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)) {
		return cut
	}
	return err
}

// Buffered reports whether bytes have arrived that Receive has not taken. Only the
// reader's goroutine may call it.
func (c *Conn) Buffered() bool { return c.frames.in.r < c.frames.in.w }

// Send gathers a text message; Flush writes it. If many bytes wait for a slow peer,
// Send waits too. An error of Send is final: the connection is lost.
func (c *Conn) Send(text []byte) error { return c.frames.send(text) }

// TrySend is Send for callers that must not wait. If many bytes wait for a slow peer,
// it sends nothing and returns a channel, which is closed when trying again may help.
// Another goroutine must flush meanwhile.
func (c *Conn) TrySend(text []byte) (room <-chan struct{}, err error) { return c.frames.trySend(text) }

// Flush writes the gathered messages. If another goroutine is writing, that one writes
// them too.
func (c *Conn) Flush() { c.frames.Flush() }

// FlushBy lets another goroutine write: from now on Receive calls wake instead of Flush
// when bytes wait to be written. Two ends whose readers both write can wait for each
// other; an end with a reader that never writes prevents that. Call FlushBy before the
// first Receive of the goroutine that reads from then on. wake must not block.
func (c *Conn) FlushBy(wake func()) { c.frames.in.wake = wake }

// BeforeWait has Receive call f each time before it reads from the network, also in the
// middle of a message, since it may wait there. Call BeforeWait before the first
// Receive.
func (c *Conn) BeforeWait(f func()) { c.frames.in.waits = f }

// BeforeClose has Receive call f when the peer's Close has come, before the answer to
// it, because nothing can be sent behind that answer. Call BeforeClose before the first
// Receive.
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
func (c *Conn) Heard() bool { return c.frames.heard.Swap(false) }

// CloseStatus returns the code and the reason with which the peer closed the
// connection, if err says that it did.
func CloseStatus(err error) (code int, reason string, ok bool) {
	e, ok := errors.AsType[*websocket.CloseError](err)
	if !ok || e.Code == websocket.CloseAbnormalClosure {
		return 0, "", false
	}
	return e.Code, e.Text, true
}

// TooBig reports whether err says that a message of the peer was larger than the limit.
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

// Linger ends the connection after its reader has failed. It writes the gathered
// messages, and then reads and drops bytes of the peer for at most wait, because
// closing a socket with unread data would destroy the messages on their way to the
// peer. A connection that cannot be closed by half, for example one in memory, ends
// when all is written. Otherwise both ends would wait for each other.
func (c *Conn) Linger(wait time.Duration) {
	timer := time.AfterFunc(wait, c.Abort) // also bounds a peer that does not read
	defer timer.Stop()
	c.frames.flushAll()
	if half, ok := c.frames.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
		_ = c.frames.Conn.SetReadDeadline(time.Time{}) // the reader may have left the deadline of a message
		c.frames.discard()
	}
	c.Abort()
}

// Abort ends the connection at once. It does not wait.
func (c *Conn) Abort() { c.frames.abort() }

// Subprotocol returns the subprotocol that both ends agreed on, "" for none.
func (c *Conn) Subprotocol() string { return c.ws.Subprotocol() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.frames.RemoteAddr() }
