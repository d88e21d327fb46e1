package frames

import (
	"errors"
	"net"
	"sync"
	"syscall"
)

// maxPending bounds what waits for a peer that does not read, in bytes. Only what
// asks for something is refused beyond it: an outcome that is lost would keep the
// other side waiting for ever, and who asks has a limit of its own.
const maxPending = 64 << 20

// ErrFull is the error of a peer that does not read what it is sent.
var ErrFull = errors.New("the other process does not read what it is sent")

// A Writer writes frames to a connection. It never waits for the peer: what the
// socket does not take at once a goroutine writes, while those who send go on.
// Frames that come meanwhile leave together. It is safe for concurrent use.
type Writer struct {
	conn net.Conn
	raw  syscall.RawConn // nil: the goroutine writes all

	mu      sync.Mutex // protects the fields below
	out     []byte     // gathered
	spare   []byte     // what out was before
	writing bool       // somebody writes and will take what is gathered along
	err     error      // why nothing can be written any more
	idle    sync.Cond  // with mu: writing has become false
}

// NewWriter returns a Writer to conn. Close conn to end it.
func NewWriter(conn net.Conn) *Writer {
	w := &Writer{conn: conn}
	w.idle.L = &w.mu
	if c, ok := conn.(syscall.Conn); ok {
		w.raw, _ = c.SyscallConn() // fails when it is closed
	}
	return w
}

// Send writes f. If f asks for something and too much waits already, it returns
// ErrFull.
func (w *Writer) Send(f *Frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.gather(f); err != nil {
		return err
	}
	w.flush()
	return nil
}

// Gather is Send without the writing, which is left to the next Flush, Send or
// Reply. It refers to f no longer when it returns.
func (w *Writer) Gather(f *Frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gather(f)
}

// Flush writes what is gathered.
func (w *Writer) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flush()
}

// Reply writes whole frames that answer something, however much waits.
func (w *Writer) Reply(p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.out = append(w.out, p...)
	w.flush()
	return nil
}

// Wait waits until nothing is being written. What is sent meanwhile counts too.
func (w *Writer) Wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.writing {
		w.idle.Wait()
	}
}

// gather appends f to what is to be written. The caller holds mu.
func (w *Writer) gather(f *Frame) error {
	if w.err == nil && len(w.out) > maxPending && f.asks() {
		return ErrFull
	}
	if w.err == nil {
		w.out = f.Append(w.out)
	}
	return w.err
}

// flush writes what is gathered. The caller holds mu, which it gives up while
// it writes.
func (w *Writer) flush() {
	if w.writing {
		return
	}
	w.writing = true
	for len(w.out) > 0 && w.err == nil {
		batch := w.take()
		w.mu.Unlock()
		n, err := w.try(batch)
		w.mu.Lock()
		if w.err = err; err == nil && n < len(batch) {
			go w.drain(batch, n) // Wait waits for it; it ends when the peer has read, or conn is closed
			return
		}
		w.keep(batch)
	}
	w.rest()
}

// rest notes that nobody writes any more. The caller holds mu.
func (w *Writer) rest() {
	w.writing = false
	w.idle.Broadcast()
}

// drain writes batch from n on, and what is gathered meanwhile. It may wait.
func (w *Writer) drain(batch []byte, n int) {
	for {
		_, err := w.conn.Write(batch[n:])
		w.mu.Lock()
		w.keep(batch)
		if w.err = err; err != nil || len(w.out) == 0 {
			w.rest()
			w.mu.Unlock()
			return
		}
		batch, n = w.take(), 0
		w.mu.Unlock()
	}
}

// take returns what is gathered. The caller holds mu.
func (w *Writer) take() []byte {
	batch := w.out
	w.out, w.spare = w.spare[:0], nil
	return batch
}

// keep lets the memory of a written batch be used again, unless it is much. The
// caller holds mu.
func (w *Writer) keep(batch []byte) {
	if cap(batch) <= 256<<10 {
		w.spare = batch
	}
}

// try writes what the socket takes at once, and returns how much that is.
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
