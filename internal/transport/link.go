package transport

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxPending bounds what waits for a peer that does not read, in bytes. The
// largest message fits a few times.
const maxPending = 16 << 20

// writeTimeout is how long a peer may take to accept what is written.
const writeTimeout = 10 * time.Second

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
	inMessage bool   // a message has begun and is not whole
	deadline  bool   // a read deadline is set
	wake      func() // if not nil, flushes elsewhere: see Conn.FlushBy

	mu       sync.Mutex // protects the fields below
	out      *Buffer    // gathered; nil if nothing is
	flushing bool       // one goroutine writes; the others leave theirs in out
	err      error      // why nothing can be written any more
	until    time.Time  // the write deadline that is set
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
	if n > 0 && !l.heard.Load() {
		l.heard.Store(true)
	}
	return n, err
}

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

// Write gathers p. The WebSocket library passes a frame in one or more calls
// and lets no other frame come between them.
func (l *link) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	if l.out == nil {
		l.out = NewBuffer()
	}
	if len(l.out.B)+len(p) > maxPending {
		l.err = ErrSlowPeer
		_ = l.Conn.Close() // ends the flush that waits for the peer, and the reader
		return 0, l.err
	}
	l.out.B = append(l.out.B, p...)
	return len(p), nil
}

// SetWriteDeadline does nothing: Flush sets its own. The WebSocket library sets
// one for each frame.
func (l *link) SetWriteDeadline(time.Time) error { return nil }

// Flush writes what was gathered. If another goroutine does that already, it
// takes this along, and Flush returns at once.
func (l *link) Flush() {
	l.mu.Lock()
	if l.flushing || l.out == nil || l.err != nil {
		l.mu.Unlock()
		return
	}
	l.flushing = true
	for l.out != nil && l.err == nil {
		batch := l.out
		l.out = nil
		// moving the deadline costs more than a small write: do it rarely
		extend := false
		if now := time.Now(); l.until.Sub(now) < writeTimeout/2 {
			l.until, extend = now.Add(writeTimeout), true
		}
		until := l.until
		l.mu.Unlock()
		if extend {
			_ = l.Conn.SetWriteDeadline(until)
		}
		_, err := l.Conn.Write(batch.B)
		batch.Free()
		l.mu.Lock()
		if err != nil && l.err == nil {
			if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
				err = ErrSlowPeer
			}
			l.err = err
			_ = l.Conn.Close()
		}
	}
	l.flushing = false
	l.mu.Unlock()
}

// pending returns how many bytes wait to be written.
func (l *link) pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out == nil {
		return 0
	}
	return len(l.out.B)
}

// failure returns why nothing can be written any more.
func (l *link) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
