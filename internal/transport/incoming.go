package transport

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
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
// Whole data frames are taken here. All else, control frames, fragments and what
// breaks the protocol, is left to the WebSocket library, which reads from the
// link and is given one frame at a time, so that nothing stays in its buffer.
type incoming struct {
	pooled *[readSize]byte // what buf is in; nil if it is kept or not there
	buf    []byte
	r, w   int    // buf[r:w] was not taken
	frame  uint64 // what the library still has to be given of a frame
	client bool   // this end is a client: what arrives is not masked
	shake  int    // of the end of a handshake, how many bytes were given; -1: all

	inMessage bool   // a message has begun and is not whole
	deadline  bool   // a read deadline is set
	half      bool   // a Close came with one byte where a code has two
	wake      func() // if not nil, flushes elsewhere: see Conn.FlushBy

	raw  syscall.RawConn // nil: waiting takes a buffer
	poll func(fd uintptr) bool
	got  int // by poll
	err  error
}

// message takes the next message if it is a whole data frame of at most limit
// bytes. It returns nil if what comes next is for the library.
func (l *link) message(limit int) (b *buffer.Buffer, text bool, err error) {
	in := &l.in
	h, ok := parseHeader(in.buf[in.r:in.w])
	for !ok {
		l.in.inMessage = in.r < in.w
		if err := l.fill(); err != nil {
			return nil, false, err
		}
		h, ok = parseHeader(in.buf[in.r:in.w])
	}
	if h.first != finText && h.first != finBinary || h.masked == in.client || h.length > uint64(limit) {
		return nil, false, nil
	}
	in.r += h.size
	n := int(h.length)
	b = buffer.New()
	for {
		take := min(n-len(b.B), in.w-in.r)
		b.B = append(b.B, in.buf[in.r:in.r+take]...)
		in.r += take
		rest := n - len(b.B)
		if rest == 0 {
			break
		}
		in.inMessage = true
		if rest < readSize/2 {
			err = l.fill()
		} else {
			err = l.readInto(b, rest)
		}
		if err != nil {
			b.Free()
			return nil, false, err
		}
	}
	l.messageEnded()
	if h.masked {
		unmask(b.B, h.key)
	}
	return b, h.first == finText, nil
}

// readInto reads some of the rest of a large message to where it is wanted. Memory
// grows with what arrives, not with what was announced.
func (l *link) readInto(b *buffer.Buffer, rest int) error {
	size := len(b.B)
	if size == cap(b.B) {
		b.B = append(b.B, 0)[:size]
	}
	room := b.B[size:min(cap(b.B), size+rest)]
	n, err := l.readConn(room)
	b.B = b.B[:size+n]
	if n > 0 {
		return nil // the error comes again
	}
	return err
}

// fill waits for more behind what is there.
func (l *link) fill() error {
	in := &l.in
	if in.r == in.w {
		in.r, in.w = 0, 0
		if in.raw != nil && !in.inMessage {
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
		return nil
	}
	return err
}

// await waits for a peer that has said nothing, without a buffer.
func (l *link) await() error {
	in := &l.in
	l.flushFirst()
	in.got, in.err = 0, nil
	if err := in.raw.Read(in.poll); err != nil {
		return err
	}
	if in.err != nil {
		return &net.OpError{Op: "read", Net: l.LocalAddr().Network(), Source: l.LocalAddr(), Addr: l.RemoteAddr(), Err: os.NewSyscallError("read", in.err)}
	}
	if in.got == 0 {
		return io.EOF
	}
	in.w = in.got
	l.note(in.got)
	return nil
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

// readConn reads into p, after what was sent has left.
func (l *link) readConn(p []byte) (int, error) {
	l.flushFirst()
	if l.in.inMessage && !l.in.deadline {
		l.in.deadline = true
		if err := l.SetReadDeadline(time.Now().Add(frameTimeout)); err != nil {
			return 0, err
		}
	}
	n, err := l.Conn.Read(p)
	l.note(n)
	return n, err
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

// messageBegun and messageEnded tell where in a message the reader is, so that
// only a begun one has a deadline. An idle connection needs none.
func (l *link) messageBegun() { l.in.inMessage = true }

func (l *link) messageEnded() {
	l.in.inMessage = false
	if l.in.deadline {
		l.in.deadline = false
		_ = l.SetReadDeadline(time.Time{})
	}
}

// Read gives the WebSocket library what has arrived: of a handshake at most all of
// it, of what follows at most one frame.
func (l *link) Read(p []byte) (int, error) {
	in := &l.in
	if in.r == in.w {
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	if in.shake >= 0 {
		return in.giveHandshake(p), nil
	}
	for in.frame == 0 {
		h, ok := parseHeader(in.buf[in.r:in.w])
		if ok {
			in.frame = uint64(h.size) + h.length
			in.half = h.first == opClose && h.length == 1
			break
		}
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(uint64(len(p)), in.frame)], in.buf[in.r:in.w])
	in.r += n
	in.frame -= uint64(n)
	return n, nil
}

// giveHandshake gives bytes up to the empty line that ends a server's part.
func (in *incoming) giveHandshake(p []byte) int {
	const end = "\r\n\r\n"
	n := 0
	for n < len(p) && in.r < in.w && in.shake >= 0 {
		b := in.buf[in.r]
		p[n] = b
		n++
		in.r++
		switch {
		case b == end[in.shake]:
			in.shake++
		case b == end[0]:
			in.shake = 1
		default:
			in.shake = 0
		}
		if in.shake == len(end) {
			in.shake = -1
		}
	}
	return n
}
