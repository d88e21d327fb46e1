package transport

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
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

	// owned by the reader
	tail      [7]byte // the last bytes that arrived
	inMessage bool    // a message has begun and is not whole
	deadline  bool    // a read deadline is set
	wake      func()  // if not nil, flushes elsewhere: see Conn.FlushBy

	mu       sync.Mutex     // protects the fields below
	room     chan struct{}  // closed when out is taken or written, or there is an err; nil if nobody waits
	out      *buffer.Buffer // gathered; nil if nothing is
	coming   int            // bytes that were reserved and are not yet in out
	flushing bool           // one goroutine writes; the others leave theirs in out
	err      error          // why nothing can be written any more
	until    time.Time      // the write deadline that is set
}

func (l *link) Read(p []byte) (int, error) {
	if l.wake == nil {
		l.Flush()
	} else if l.pending() > 0 {
		l.wake()
	}
	if l.inMessage && !l.deadline {
		l.deadline = true
		if err := l.SetReadDeadline(time.Now().Add(frameTimeout)); err != nil {
			return 0, err
		}
	}
	n, err := l.Conn.Read(p)
	keep := copy(l.tail[:], l.tail[min(n, len(l.tail)):])
	copy(l.tail[keep:], p[max(0, n-len(l.tail)):n])
	if n > 0 && !l.heard.Load() {
		l.heard.Store(true)
	}
	return n, err
}

// halfCode reports whether the last thing that arrived is a client's Close with
// one byte where a code has two. The WebSocket library takes it for one without a
// code.
func (l *link) halfCode() bool { return l.tail[0] == 0x88 && l.tail[1] == 0x81 }

// messageBegun and messageEnded tell where in a message the reader is, so that
// only a begun one has a deadline. An idle connection needs none.
func (l *link) messageBegun() { l.inMessage = true }

func (l *link) messageEnded() {
	l.inMessage = false
	if l.deadline {
		l.deadline = false
		_ = l.SetReadDeadline(time.Time{})
	}
}

// reserve waits until n bytes may be gathered. It waits while more than
// maxPending would.
func (l *link) reserve(n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.full(n) {
		if !l.flushing && l.out != nil {
			l.flush()
			continue
		}
		l.wait()
	}
	l.coming += n
	return l.err
}

// tryReserve is reserve without waiting: if n bytes may not be gathered now,
// room is closed when that may have changed.
func (l *link) tryReserve(n int) (room <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full(n) {
		return l.changed(), nil
	}
	l.coming += n
	return nil, l.err
}

// full reports whether too much waits for n bytes more. The caller holds mu.
func (l *link) full(n int) bool {
	waiting := l.gathered() + l.coming
	return l.err == nil && waiting > 0 && waiting+n > maxPending
}

// forgo gives back what was reserved and not written: nothing follows a Close.
func (l *link) forgo(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.coming = max(0, l.coming-n)
	l.tell()
}

// gathered returns how many bytes wait to be written. The caller holds mu.
func (l *link) gathered() int {
	if l.out == nil {
		return 0
	}
	return len(l.out.B)
}

// Write gathers p. The WebSocket library passes a frame in one or more calls
// and lets no other frame come between them.
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
	l.coming = max(0, l.coming-len(p)) // control frames reserve nothing, but are small
	return len(p), nil
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
	// moving the deadline costs more than a small write: do it rarely
	extend := false
	if now := time.Now(); l.until.Sub(now) < writeTimeout/2 {
		l.until, extend = now.Add(writeTimeout), true
	}
	until := l.until
	l.mu.Unlock()
	defer l.mu.Lock()
	if extend {
		_ = l.Conn.SetWriteDeadline(until)
	}
	_, err := l.Conn.Write(p)
	return err
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
