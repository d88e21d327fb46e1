package transport

import (
	"errors"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cogbus/cogbus/internal/buffer"
)

// send gathers a text message. It waits while too many bytes would wait for the peer.
func (l *frameConn) send(text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.fullLocked(len(text)) {
		if !l.flushing && l.out != nil {
			l.flushLocked()
			continue
		}
		l.waitLocked()
	}
	return l.gatherLocked(text)
}

// trySend is send without waiting. If too many bytes wait, it returns a channel that is
// closed when that may have changed.
func (l *frameConn) trySend(text []byte) (room <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fullLocked(len(text)) {
		return l.changedLocked(), nil
	}
	return nil, l.gatherLocked(text)
}

// gatherLocked appends text as a frame.
func (l *frameConn) gatherLocked(text []byte) error {
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

// fullLocked reports whether too many bytes wait for n more.
func (l *frameConn) fullLocked(n int) bool {
	waiting := l.gatheredLocked()
	return l.err == nil && !l.closing && waiting > 0 && waiting+n > maxPending
}

// gatheredLocked returns how many bytes wait to be written.
func (l *frameConn) gatheredLocked() int {
	if l.out == nil {
		return 0
	}
	return len(l.out.B)
}

// Flush writes the gathered frames. If another goroutine is writing, that one writes
// them too, and Flush returns at once.
func (l *frameConn) Flush() {
	l.mu.Lock()
	l.flushLocked()
	l.mu.Unlock()
}

// flushNow is Flush for the batcher, which must not wait. If the peer does not take all
// bytes at once, another goroutine writes the rest.
func (l *frameConn) flushNow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flushing {
		return
	}
	for l.out != nil && l.err == nil { // other goroutines may gather frames meanwhile
		l.flushing = true
		batch := l.out
		l.out = nil
		n := l.writeNowLocked(batch.B)
		l.flushing = false
		if n == len(batch.B) {
			batch.Free()
			l.tellLocked()
			continue
		}
		batch.B = batch.B[:copy(batch.B, batch.B[n:])]
		if l.out != nil {
			batch.B = append(batch.B, l.out.B...)
			l.out.Free()
		}
		l.out = batch
		go l.Flush() // ends when all is written, or at the write deadline
		return
	}
}

// flushLocked is Flush for goroutines that hold mu. It unlocks mu while it writes.
func (l *frameConn) flushLocked() {
	if l.flushing {
		return
	}
	l.flushing = true
	for l.out != nil && l.err == nil {
		batch := l.out
		l.out = nil
		l.tellLocked()
		var err error
		for rest := batch.B; err == nil && len(rest) > 0; {
			chunk := rest[:min(len(rest), writeChunk)]
			rest = rest[len(chunk):]
			err = l.writeLocked(chunk)
		}
		batch.Free()
		if err != nil && l.err == nil {
			if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
				err = ErrSlowPeer
			}
			l.err = err
			l.abort()
			l.tellLocked()
		}
	}
	l.flushing = false
	l.tellLocked()
}

// flushAll flushes, and waits for other goroutines that flush. When it returns, all
// gathered frames are written, or never will be.
func (l *frameConn) flushAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.err == nil && (l.flushing || l.out != nil) {
		if l.flushing {
			l.waitLocked()
		} else {
			l.flushLocked()
		}
	}
}

// waitLocked unlocks mu and waits for the next tellLocked.
func (l *frameConn) waitLocked() {
	room := l.changedLocked()
	l.mu.Unlock()
	defer l.mu.Lock()
	<-room
}

// changedLocked returns a channel that the next tellLocked closes.
func (l *frameConn) changedLocked() <-chan struct{} {
	if l.room == nil {
		l.room = make(chan struct{})
	}
	return l.room
}

// tellLocked wakes the goroutines that wait for room.
func (l *frameConn) tellLocked() {
	if l.room != nil {
		close(l.room)
		l.room = nil
	}
}

// writeLocked writes p. It unlocks mu meanwhile.
func (l *frameConn) writeLocked(p []byte) error {
	extend, until := l.extendLocked()
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

// writeNowLocked writes as much of p as the peer takes at once, and returns the number
// of bytes. It unlocks mu meanwhile. It drops an error, since the goroutine that writes
// the rest gets it again.
func (l *frameConn) writeNowLocked(p []byte) (n int) {
	extend, until := l.extendLocked()
	l.mu.Unlock()
	defer l.mu.Lock()
	if extend {
		_ = l.Conn.SetWriteDeadline(until)
	}
	n, _ = l.own.write(l.in.raw, p, false)
	return n
}

// extendLocked moves the write deadline. It reports whether the caller must set it,
// which is rarely so, because setting it costs more than a small write.
func (l *frameConn) extendLocked() (now bool, until time.Time) {
	if time.Until(l.until) < writeTimeout/2 {
		l.until, now = time.Now().Add(writeTimeout), true
	}
	return now, l.until
}
