package frames

import (
	"errors"
	"net"
	"sync"
	"syscall"
)

// maxPending bounds the bytes that wait for a peer that does not read. Beyond it the
// Writer refuses requests only, since each of them has a time limit of its own. An
// outcome that is lost would keep the other side waiting for ever.
const maxPending = 64 << 20

// ErrFull is the error of a frame for a peer that does not read.
var ErrFull = errors.New("the other process does not read what it is sent")

// A Writer writes frames to a connection. It never waits for the peer: if the socket
// does not take all bytes at once, a goroutine writes the rest, and the senders go on.
// Frames that come meanwhile leave together. A Writer is safe for concurrent use.
type Writer struct {
	conn net.Conn
	raw  syscall.RawConn // nil: writeRest writes everything

	mu      sync.Mutex // protects the fields below
	out     []byte     // frames that are not written yet
	spare   []byte     // the memory of the last batch, for the next one
	writing bool       // a goroutine writes, and will write out too
	err     error      // the reason why nothing can be written any more
	idle    sync.Cond  // uses mu; tells Wait that writing has become false
}

// NewWriter returns a Writer to conn. Close conn to end it.
func NewWriter(conn net.Conn) *Writer {
	w := &Writer{conn: conn}
	w.idle.L = &w.mu
	if c, ok := conn.(syscall.Conn); ok {
		w.raw, _ = c.SyscallConn() // fails if conn is closed
	}
	return w
}

// Send writes f. If f is a request and too many bytes wait already, Send returns
// ErrFull.
func (w *Writer) Send(f *Frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.gatherLocked(f); err != nil {
		return err
	}
	w.flushLocked()
	return nil
}

// Gather appends f to the frames that the next Flush, Send or Reply writes. When it
// returns it does not refer to f any more.
func (w *Writer) Gather(f *Frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gatherLocked(f)
}

// Flush writes the gathered frames.
func (w *Writer) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushLocked()
}

// Reply writes whole frames that answer requests, even beyond maxPending.
func (w *Writer) Reply(p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.out = append(w.out, p...)
	w.flushLocked()
	return nil
}

// Wait waits until no goroutine writes. Frames that are sent meanwhile count too.
func (w *Writer) Wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.writing {
		w.idle.Wait()
	}
}

// gatherLocked appends f to the frames that are not written yet.
func (w *Writer) gatherLocked(f *Frame) error {
	if w.err == nil && len(w.out) > maxPending && f.asks() {
		return ErrFull
	}
	if w.err == nil {
		w.out = f.Append(w.out)
	}
	return w.err
}

// flushLocked writes the gathered frames. It unlocks mu while it writes.
func (w *Writer) flushLocked() {
	if w.writing {
		return
	}
	w.writing = true
	for len(w.out) > 0 && w.err == nil {
		batch := w.takeLocked()
		w.mu.Unlock()
		n, err := w.try(batch)
		w.mu.Lock()
		if w.err = err; err == nil && n < len(batch) {
			go w.writeRest(batch, n) // ends when the peer has read all, or conn is closed; Wait waits for it
			return
		}
		w.keepLocked(batch)
	}
	w.restLocked()
}

// restLocked notes that the last writer has finished.
func (w *Writer) restLocked() {
	w.writing = false
	w.idle.Broadcast()
}

// writeRest writes batch from n on, and the frames that are gathered meanwhile. It may wait
// for the peer.
func (w *Writer) writeRest(batch []byte, n int) {
	for {
		_, err := w.conn.Write(batch[n:])
		w.mu.Lock()
		w.keepLocked(batch)
		if w.err = err; err != nil || len(w.out) == 0 {
			w.restLocked()
			w.mu.Unlock()
			return
		}
		batch, n = w.takeLocked(), 0
		w.mu.Unlock()
	}
}

// takeLocked returns the gathered frames.
func (w *Writer) takeLocked() []byte {
	batch := w.out
	w.out, w.spare = w.spare[:0], nil
	return batch
}

// keepLocked keeps the memory of a written batch for the next one, unless it is much.
func (w *Writer) keepLocked(batch []byte) {
	if cap(batch) <= 256<<10 {
		w.spare = batch
	}
}

// try writes as much of p as the socket takes at once, and returns the number of bytes.
func (w *Writer) try(p []byte) (n int, err error) {
	if w.raw == nil {
		return 0, nil
	}
	failed := w.raw.Write(func(fd uintptr) bool {
		n, err = write(fd, p)
		return true // do not wait
	})
	return n, errors.Join(failed, err)
}
