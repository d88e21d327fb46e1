package transport

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/socket"
)

// maxPending bounds the bytes that wait for a peer. Beyond it Send waits, and TrySend
// sends nothing. A message that is larger goes alone.
const maxPending = 16 << 20

// writeTimeout is the time in which a peer must accept writeChunk bytes. So a large
// message may take long on a slow line, as long as bytes move.
const (
	writeTimeout = 10 * time.Second
	writeChunk   = 128 << 10
)

// frameTimeout is the time in which a message must arrive once it has begun.
const frameTimeout = 30 * time.Second

// ErrSlowPeer is the error of a connection whose peer does not read.
var ErrSlowPeer = errors.New("the peer does not read what it is sent")

// A frameConn is the network connection under a WebSocket. It gathers writes; a Read
// flushes them before it waits.
type frameConn struct {
	// fixed at creation
	net.Conn
	batch *batcher // flushes when the reader waits; nil: the reader flushes

	// owned by the reader
	in readBuffer

	// owned by the goroutine that has set flushing
	own socketWriter

	heard  atomic.Bool // bytes have arrived since Conn.Heard was last called
	queued atomic.Bool // the connection is in the list of batch

	mu       sync.Mutex     // protects the fields below
	room     chan struct{}  // closed when out is taken or written, or err is set; nil if no goroutine waits
	out      *buffer.Buffer // the gathered frames; nil if there are none
	closing  bool           // a Close was sent: nothing may follow
	flushing bool           // a goroutine writes; the others leave their frames in out
	err      error          // the reason why nothing can be written any more
	until    time.Time      // the write deadline that is set
}

// newFrameConn returns a frameConn over conn. A client's begins with a handshake.
func newFrameConn(conn net.Conn, client bool) *frameConn {
	l := &frameConn{Conn: conn}
	if client {
		l.in.client, l.in.part = true, lineBegin
	}
	socket.Unblock(conn)
	l.in.waitWithoutBuffer(conn)
	return l
}

// Write gathers the handshake and the control frames of the WebSocket library, which
// writes each in one call.
func (l *frameConn) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	if l.out == nil {
		l.out = buffer.New()
	}
	l.out.B = append(l.out.B, p...)
	if p[0] == opClose {
		l.closing = true
		l.tellLocked()
	}
	return len(p), nil
}

// Close is for the WebSocket library, which closes a connection after an invalid
// handshake.
func (l *frameConn) Close() error {
	l.abort()
	return nil
}

// SetWriteDeadline does nothing: Flush sets its own. The WebSocket library sets
// one for each frame.
func (l *frameConn) SetWriteDeadline(time.Time) error { return nil }

// abort closes the connection without a word to the peer. It does not wait for the
// peer, in contrast to closing a TLS connection.
func (l *frameConn) abort() {
	if t, ok := l.Conn.(interface{ NetConn() net.Conn }); ok {
		_ = t.NetConn().Close()
		return
	}
	_ = l.Conn.Close()
}

// pending returns how many bytes wait to be written.
func (l *frameConn) pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gatheredLocked()
}

// failure returns the reason why nothing can be written any more.
func (l *frameConn) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
