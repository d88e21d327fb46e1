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

// readSize is the size of a read. A connection that waits for its peer holds no memory
// for reading, if the system lets it wait without.
const readSize = 16 << 10

// keptSize is the size of the read buffer of a connection that cannot wait without one.
const keptSize = 4 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// A readBuffer holds the bytes that have arrived on a connection and that no code has
// taken yet. The reader owns all of it.
//
// frameConn.message takes whole data frames. The WebSocket library takes all other
// bytes: control frames, fragments, and frames that break the protocol. It reads from
// the frameConn, which gives it one frame at a time, so that nothing stays in the
// library's buffer.
type readBuffer struct {
	// fixed at creation
	raw  syscall.RawConn // nil: the reader needs a buffer while it waits, and package net reads and writes
	poll func(fd uintptr) bool

	pooled *[readSize]byte // the array of buf, if that is from readBuffers; otherwise nil
	buf    []byte
	r, w   int // buf[r:w] has arrived and was not taken

	client    bool // fixed at creation: this end is a client, so arriving frames are not masked
	part      part // the part of the connection that arrives now
	inMessage bool // a message has begun to arrive and is not whole
	deadline  bool // a read deadline is set

	// The frame that the library reads now.
	last  bool   // the frame ends its message
	half  bool   // the frame is a Close with one byte instead of a code of two bytes
	given uint8  // bytes of the header at r that the library has read, while the header is not whole
	frame uint64 // bytes of it that the library has not read

	wake  func() // if not nil, readers call it instead of flushing: see Conn.FlushBy
	waits func() // if not nil, readers call it before they read: see Conn.BeforeWait

	// For poll and its caller, readSocket.
	into []byte // poll reads to it; nil: to buf, which poll takes only when bytes have arrived
	got  int    // number of bytes that poll has read
	err  error
}

// begun reports whether a message or a frame has begun to arrive and is not whole.
func (in *readBuffer) begun() bool { return in.inMessage || in.frame > 0 || in.r < in.w }

// arrived notes that the message or frame that had begun is whole. It removes the
// deadline, since an idle connection needs none.
func (l *frameConn) arrived() {
	l.in.inMessage = false
	if l.in.deadline {
		l.in.deadline = false
		_ = l.SetReadDeadline(time.Time{})
	}
}

// fill waits for more bytes behind the ones in the buffer.
func (l *frameConn) fill() error {
	in := &l.in
	if in.r == in.w {
		in.r, in.w = 0, 0
		if in.raw != nil && !in.begun() {
			return l.await()
		}
	}
	if in.buf == nil {
		in.takeBuffer()
	}
	if in.r > 0 {
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r = 0
	}
	n, err := l.readConn(in.buf[in.w:])
	in.w += n
	if n > 0 {
		return nil // the next read returns the error again
	}
	return err
}

// await waits for a peer that is silent, without a buffer.
func (l *frameConn) await() error {
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

// readSocket reads into p. If p is nil, it waits without a buffer, and reads into a new
// one.
func (l *frameConn) readSocket(p []byte) (int, error) {
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

// opError returns err as the connection's own Read or Write would return it.
func (l *frameConn) opError(op string, err error) error {
	if raw, ok := errors.AsType[*net.OpError](err); ok {
		err = raw.Err // it names an operation of the RawConn
	}
	return &net.OpError{Op: op, Net: l.LocalAddr().Network(), Source: l.LocalAddr(), Addr: l.RemoteAddr(), Err: err}
}

// takeBuffer takes a buffer to read into.
func (in *readBuffer) takeBuffer() {
	if in.raw == nil {
		in.buf = make([]byte, keptSize)
		return
	}
	in.pooled = readBuffers.Get().(*[readSize]byte)
	in.buf = in.pooled[:]
}

// returnBuffer gives an empty buffer back.
func (in *readBuffer) returnBuffer() {
	if in.pooled != nil {
		readBuffers.Put(in.pooled)
		in.pooled, in.buf = nil, nil
	}
}

// drop drops all bytes and gives the buffer back.
func (in *readBuffer) drop() {
	in.r, in.w = 0, 0
	in.returnBuffer()
}

// readConn reads into p, after it has written the gathered messages.
func (l *frameConn) readConn(p []byte) (int, error) {
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

// readWithoutFlush reads bytes of the peer into p. It reads sockets itself, since
// package net would heed neither a deadline nor Close on a socket in blocking mode.
func (l *frameConn) readWithoutFlush(p []byte) (int, error) {
	if l.in.raw != nil {
		return l.readSocket(p)
	}
	return l.Conn.Read(p)
}

// discard reads until the connection has ended.
func (l *frameConn) discard() {
	p := readBuffers.Get().(*[readSize]byte)
	defer readBuffers.Put(p)
	for {
		if n, err := l.readWithoutFlush(p[:]); err != nil || n == 0 {
			return
		}
	}
}

// flushFirst writes the gathered messages, since the peer may wait for them.
func (l *frameConn) flushFirst() {
	if l.in.wake == nil {
		l.Flush()
	} else if l.pending() > 0 {
		l.in.wake()
	}
}

func (l *frameConn) note(n int) {
	if n > 0 && !l.heard.Load() {
		l.heard.Store(true)
	}
}
