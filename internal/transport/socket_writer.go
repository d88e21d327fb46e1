package transport

import (
	"errors"
	"os"
	"syscall"

	"github.com/cogbus/cogbus/internal/socket"
)

// A socketWriter writes to a socket in any mode. A connection keeps one, because a new
// function for each write would be most of the memory that a call allocates.
type socketWriter struct {
	try  func(fd uintptr) bool
	p    []byte // the bytes that are left
	wait bool   // for a peer that does not take all bytes
	err  error
}

// write writes p and returns how many bytes were written. Without wait, it may write
// fewer than all, without an error.
func (w *socketWriter) write(raw syscall.RawConn, p []byte, wait bool) (int, error) {
	if w.try == nil {
		w.try = w.tryOnce
	}
	w.p, w.wait, w.err = p, wait, nil
	err := raw.Write(w.try)
	n := len(p) - len(w.p)
	w.p = nil
	if err == nil && w.err != nil {
		err = os.NewSyscallError("write", w.err)
	}
	return n, err
}

// tryOnce writes as many bytes as the socket takes. It reports whether RawConn.Write
// should return.
func (w *socketWriter) tryOnce(fd uintptr) bool {
	for len(w.p) > 0 {
		n, err := socket.Write(fd, w.p)
		switch {
		case err == nil:
			w.p = w.p[n:]
		case errors.Is(err, syscall.EAGAIN):
			return !w.wait
		case !errors.Is(err, syscall.EINTR):
			w.err = err
			return true
		}
	}
	return true
}
