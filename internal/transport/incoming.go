package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// readSize is how much is read at a time. Connections that wait for their peer
// hold no memory for it where the system lets them wait without.
const readSize = 16 << 10

// keptSize is what a connection keeps for reading where it must.
const keptSize = 4 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// incoming is what has arrived on a connection and was not taken. Everything in it
// is owned by the reader.
//
// Whole data frames are taken by link.message. All else, control frames, fragments
// and what breaks the protocol, is left to the WebSocket library, which reads from
// the link and is given one frame at a time, so that nothing stays in its buffer.
type incoming struct {
	pooled *[readSize]byte // what buf is in; nil if it is kept or not there
	buf    []byte
	r, w   int // buf[r:w] was not taken

	client    bool   // this end is a client: what arrives is not masked
	part      part   // of the connection
	inMessage bool   // a message has begun and is not whole
	deadline  bool   // a read deadline is set
	wake      func() // if not nil, flushes elsewhere: see Conn.FlushBy
	waits     func() // if not nil, is called before a read: see Conn.BeforeWait

	// what the library is given
	frame uint64 // what is left of the frame
	given int    // of the header at r, which is not whole, what was given
	last  bool   // the frame ends its message
	half  bool   // the frame is a Close with one byte where a code has two

	raw  syscall.RawConn // nil: waiting takes a buffer, and package net reads and writes
	poll func(fd uintptr) bool
	into []byte // where poll reads to; nil: to buf, which it holds only while something is there
	got  int    // by poll
	err  error
}

// begun reports whether something has begun to arrive that is not whole.
func (in *incoming) begun() bool { return in.inMessage || in.frame > 0 || in.r < in.w }

// ended says that what had begun is whole. Only what has begun has a deadline: an
// idle connection needs none.
func (l *link) ended() {
	l.in.inMessage = false
	if l.in.deadline {
		l.in.deadline = false
		_ = l.SetReadDeadline(time.Time{})
	}
}

// fill waits for more behind what is there.
func (l *link) fill() error {
	in := &l.in
	if in.r == in.w {
		in.r, in.w = 0, 0
		if in.raw != nil && !in.begun() {
			return l.await()
		}
	}
	if in.buf == nil {
		in.hold()
	}
	if in.r > 0 {
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r = 0
	}
	n, err := l.readConn(in.buf[in.w:])
	in.w += n
	if n > 0 {
		return nil // the error comes again
	}
	return err
}

// await waits for a peer that has said nothing, without a buffer.
func (l *link) await() error {
	in := &l.in
	if in.waits != nil {
		in.waits()
	}
	if l.batch == nil || l.pending() == 0 || !l.batch.add(l) {
		l.flushFirst()
	}
	n, err := l.readSocket(nil)
	if err == nil {
		in.w = n
		l.note(n)
	}
	return err
}

// readSocket reads into p, or if that is nil, into the buffer, without which it
// waits.
func (l *link) readSocket(p []byte) (int, error) {
	in := &l.in
	in.into, in.got, in.err = p, 0, nil
	err := in.raw.Read(in.poll)
	in.into = nil
	switch {
	case err != nil:
		return 0, l.opError("read", err)
	case in.err != nil:
		return 0, l.opError("read", os.NewSyscallError("read", in.err))
	case in.got == 0:
		return 0, io.EOF
	}
	return in.got, nil
}

// opError returns what the connection's own Read or Write would say of err.
func (l *link) opError(op string, err error) error {
	if raw, ok := errors.AsType[*net.OpError](err); ok {
		err = raw.Err // it names an operation that nobody has asked for
	}
	return &net.OpError{Op: op, Net: l.LocalAddr().Network(), Source: l.LocalAddr(), Addr: l.RemoteAddr(), Err: err}
}

// hold takes a buffer to read into.
func (in *incoming) hold() {
	if in.raw == nil {
		in.buf = make([]byte, keptSize)
		return
	}
	in.pooled = readBuffers.Get().(*[readSize]byte)
	in.buf = in.pooled[:]
}

// release gives an empty buffer back.
func (in *incoming) release() {
	if in.pooled != nil {
		readBuffers.Put(in.pooled)
		in.pooled, in.buf = nil, nil
	}
}

// drop gives the buffer back with what was not taken.
func (in *incoming) drop() {
	in.r, in.w = 0, 0
	in.release()
}

// readConn reads into p, after what was sent has left.
func (l *link) readConn(p []byte) (int, error) {
	if l.in.waits != nil {
		l.in.waits()
	}
	l.flushFirst()
	if l.in.begun() && !l.in.deadline {
		l.in.deadline = true
		if err := l.SetReadDeadline(time.Now().Add(frameTimeout)); err != nil {
			return 0, err
		}
	}
	n, err := l.readWithoutFlush(p)
	l.note(n)
	return n, err
}

// readWithoutFlush reads what the peer sends into p. It reads a socket itself, since
// package net would neither heed a deadline nor end by Close where the socket blocks.
func (l *link) readWithoutFlush(p []byte) (int, error) {
	if l.in.raw != nil {
		return l.readSocket(p)
	}
	return l.Conn.Read(p)
}

// discard reads until the connection has ended.
func (l *link) discard() {
	p := readBuffers.Get().(*[readSize]byte)
	defer readBuffers.Put(p)
	for {
		if n, err := l.readWithoutFlush(p[:]); err != nil || n == 0 {
			return
		}
	}
}

// flushFirst writes what was sent: the peer may wait for it.
func (l *link) flushFirst() {
	if l.in.wake == nil {
		l.Flush()
	} else if l.pending() > 0 {
		l.in.wake()
	}
}

func (l *link) note(n int) {
	if n > 0 && !l.heard.Load() {
		l.heard.Store(true)
	}
}
