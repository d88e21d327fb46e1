package transport

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/socket"
)

// maxPending bounds what waits for a peer, in bytes: who sends more waits too.
// A message that is larger goes alone.
const maxPending = 16 << 20

// writeTimeout is how long a peer may take to accept writeChunk bytes: a large
// message may take long on a slow line, as long as it moves.
const (
	writeTimeout = 10 * time.Second
	writeChunk   = 128 << 10
)

// frameTimeout is how long a message that has begun may take to arrive.
const frameTimeout = 30 * time.Second

// ErrSlowPeer is the error of a connection whose peer does not read.
var ErrSlowPeer = errors.New("the peer does not read what it is sent")

// A link is the network connection under a WebSocket. Writes are gathered;
// a Read flushes them before it waits.
type link struct {
	net.Conn

	heard atomic.Bool // something arrived since it was last cleared

	in incoming // owned by the reader

	batch  *batcher     // flushes when the reader waits; nil: the reader does
	queued atomic.Bool  // it waits for batch
	own    socketWriter // owned by who has set flushing

	mu       sync.Mutex     // protects the fields below
	room     chan struct{}  // closed when out is taken or written, or there is an err; nil if nobody waits
	out      *buffer.Buffer // gathered; nil if nothing is
	closing  bool           // a Close was sent: nothing may follow
	flushing bool           // one goroutine writes; the others leave theirs in out
	err      error          // why nothing can be written any more
	until    time.Time      // the write deadline that is set
}

// newLink returns a link over conn. A client's begins with a handshake.
func newLink(conn net.Conn, client bool) *link {
	l := &link{Conn: conn}
	if client {
		l.in.client, l.in.part = true, lineBegin
	}
	socket.Unblock(conn)
	l.in.waitWithoutBuffer(conn)
	return l
}

// send gathers a text message. It waits while too much would wait for the peer.
func (l *link) send(text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.full(len(text)) {
		if !l.flushing && l.out != nil {
			l.flush()
			continue
		}
		l.wait()
	}
	return l.gather(text)
}

// trySend is send without waiting: if too much waits, room is closed when that may
// have changed.
func (l *link) trySend(text []byte) (room <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full(len(text)) {
		return l.changed(), nil
	}
	return nil, l.gather(text)
}

// gather appends text as a frame. The caller holds mu.
func (l *link) gather(text []byte) error {
	switch {
	case l.err != nil:
		return l.err
	case l.closing:
		return websocket.ErrCloseSent
	}
	if l.out == nil {
		l.out = buffer.For(len(text) + longestHeader)
	}
	l.out.B = appendFrame(l.out.B, text, l.in.client)
	return nil
}

// full reports whether too much waits for n bytes more. The caller holds mu.
func (l *link) full(n int) bool {
	waiting := l.gathered()
	return l.err == nil && !l.closing && waiting > 0 && waiting+n > maxPending
}

// gathered returns how many bytes wait to be written. The caller holds mu.
func (l *link) gathered() int {
	if l.out == nil {
		return 0
	}
	return len(l.out.B)
}

// Write gathers what the WebSocket library says: handshakes and control frames,
// each in one call.
func (l *link) Write(p []byte) (int, error) {
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
		l.tell()
	}
	return len(p), nil
}

// Close is for the WebSocket library, which closes what it cannot use.
func (l *link) Close() error {
	l.abort()
	return nil
}

// SetWriteDeadline does nothing: Flush sets its own. The WebSocket library sets
// one for each frame.
func (l *link) SetWriteDeadline(time.Time) error { return nil }

// Flush writes what was gathered. If another goroutine does that already, it
// takes this along, and Flush returns at once.
func (l *link) Flush() {
	l.mu.Lock()
	l.flush()
	l.mu.Unlock()
}

// flushNow is Flush for who must not wait: what the peer does not take at once is
// left to another goroutine.
func (l *link) flushNow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flushing {
		return
	}
	for l.out != nil && l.err == nil { // others leave theirs meanwhile
		l.flushing = true
		batch := l.out
		l.out = nil
		n := l.writeNow(batch.B)
		l.flushing = false
		if n == len(batch.B) {
			batch.Free()
			l.tell()
			continue
		}
		batch.B = batch.B[:copy(batch.B, batch.B[n:])]
		if l.out != nil {
			batch.B = append(batch.B, l.out.B...)
			l.out.Free()
		}
		l.out = batch
		go l.Flush() // ends when it is written, or by the write deadline
		return
	}
}

// flush is Flush for who holds mu, which it gives up while it writes.
func (l *link) flush() {
	if l.flushing {
		return
	}
	l.flushing = true
	for l.out != nil && l.err == nil {
		batch := l.out
		l.out = nil
		l.tell()
		var err error
		for rest := batch.B; err == nil && len(rest) > 0; {
			chunk := rest[:min(len(rest), writeChunk)]
			rest = rest[len(chunk):]
			err = l.write(chunk)
		}
		batch.Free()
		if err != nil && l.err == nil {
			if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
				err = ErrSlowPeer
			}
			l.err = err
			l.abort()
			l.tell()
		}
	}
	l.flushing = false
	l.tell()
}

// drain flushes and waits for whoever else does: what it returns after is
// written, or never will be.
func (l *link) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.err == nil && (l.flushing || l.out != nil) {
		if l.flushing {
			l.wait()
		} else {
			l.flush()
		}
	}
}

// wait waits to be told and gives mu up meanwhile.
func (l *link) wait() {
	room := l.changed()
	l.mu.Unlock()
	defer l.mu.Lock()
	<-room
}

// changed returns a channel that the next tell closes. The caller holds mu.
func (l *link) changed() <-chan struct{} {
	if l.room == nil {
		l.room = make(chan struct{})
	}
	return l.room
}

// write writes p and gives mu up meanwhile.
func (l *link) write(p []byte) error {
	extend, until := l.extend()
	l.mu.Unlock()
	defer l.mu.Lock()
	if extend {
		_ = l.Conn.SetWriteDeadline(until)
	}
	if l.in.raw == nil {
		_, err := l.Conn.Write(p)
		return err
	}
	if _, err := l.own.write(l.in.raw, p, true); err != nil {
		return l.opError("write", err)
	}
	return nil
}

// extend moves the write deadline, which the caller sets if it is told to: that
// costs more than a small write, so it is done rarely. The caller holds mu.
func (l *link) extend() (now bool, until time.Time) {
	if time.Until(l.until) < writeTimeout/2 {
		l.until, now = time.Now().Add(writeTimeout), true
	}
	return now, l.until
}

// writeNow writes as much of p as the peer takes at once, and returns how much. It
// gives mu up meanwhile. An error is met again by who writes the rest.
func (l *link) writeNow(p []byte) (n int) {
	extend, until := l.extend()
	l.mu.Unlock()
	defer l.mu.Lock()
	if extend {
		_ = l.Conn.SetWriteDeadline(until)
	}
	n, _ = l.own.write(l.in.raw, p, false)
	return n
}

// tell wakes those who wait for room. The caller holds mu.
func (l *link) tell() {
	if l.room != nil {
		close(l.room)
		l.room = nil
	}
}

// abort closes the connection without a word to the peer and does not wait for
// it, as closing a TLS connection may.
func (l *link) abort() {
	if t, ok := l.Conn.(interface{ NetConn() net.Conn }); ok {
		_ = t.NetConn().Close()
		return
	}
	_ = l.Conn.Close()
}

// pending returns how many bytes wait to be written.
func (l *link) pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gathered()
}

// failure returns why nothing can be written any more.
func (l *link) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
