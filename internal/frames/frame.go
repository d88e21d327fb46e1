// Package frames is the protocol between a bot and a cog in a process of its own:
// frames of bytes over a socket pair. docs/protocol.md describes them, since a cog may
// be written in any language.
package frames

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ABI is the version of the frames.
const ABI = 1

// MaxFrame is the size of the largest frame in bytes, without the four bytes of its
// length.
const MaxFrame = 16 << 20

// A Kind says which of the messages below a frame is.
type Kind uint8

// The kinds of frames. The other side answers each request with one Reply, which has
// the request's id.
const (
	Reply   Kind = 1  // either way: the outcome of id
	Setup   Kind = 2  // to the cog: set up; the reply is an Offer
	Call    Kind = 3  // to the cog: name is the endpoint, body its data
	Event   Kind = 4  // to the cog: name is the event, body its data
	Cancel  Kind = 5  // either way: id is given up, and answered all the same
	Start   Kind = 6  // to the cog: start tasks and timers
	Stop    Kind = 7  // to the cog: end tasks and timers
	Save    Kind = 8  // to the cog: the reply is the kept value of that name
	Restore Kind = 9  // to the cog: body is the kept value of that name
	Quit    Kind = 10 // to the cog: run cleanups, reply, exit
	Ask     Kind = 11 // to the bot: call the route of that name; parent is the call that asks
	Host    Kind = 12 // to the bot: call the function of that name of the bot's host
	Reload  Kind = 13 // to the bot: please reload this cog; no reply
	Tick    Kind = 14 // to the cog: run the tick with the number in body; see Offer
	Fail    Kind = 15 // to the bot: a task failed, body is an Error; no reply
)

// Flags of a frame.
const (
	Failed uint8 = 1 << iota // of a Reply: body is an Error
	Admin                    // of a Call: the caller is an admin
	Late                     // of a Cancel: the time is over
)

// A Frame is one message. On the wire it is
//
//	u32 length of the rest of the frame
//	u8  kind
//	u8  flags
//	u16 length of name
//	u16 length of from
//	u16 unused: 0
//	u32 milliseconds for which the sender waits; 0: not said
//	u64 id
//	u64 parent: of an Ask or a Call, the id of the call for which it is made; 0: none
//	name, from, body
//
// with numbers in little-endian order. Each side chooses its own ids.
type Frame struct {
	Kind   Kind
	Flags  uint8
	MS     uint32
	ID     uint64
	Parent uint64
	Name   string
	From   string // of a Call: the dialect, a space, the caller; a tab and its name, if it has one
	Body   []byte // refers to the reader's buffer until the next Read
}

const headerSize = 28

// Append appends the frame's bytes.
func (f *Frame) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(f.size()-4))
	dst = append(dst, byte(f.Kind), f.Flags)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(f.Name)))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(f.From)))
	dst = append(dst, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, f.MS)
	dst = binary.LittleEndian.AppendUint64(dst, f.ID)
	dst = binary.LittleEndian.AppendUint64(dst, f.Parent)
	dst = append(dst, f.Name...)
	dst = append(dst, f.From...)
	return append(dst, f.Body...)
}

// size returns how many bytes Append appends.
func (f *Frame) size() int { return 4 + headerSize + len(f.Name) + len(f.From) + len(f.Body) }

// Fits reports whether the frame can be sent.
func (f *Frame) Fits() bool {
	return len(f.Name) <= 1<<16-1 && len(f.From) <= 1<<16-1 && f.size()-4 <= MaxFrame
}

// asks reports whether the frame is a request. Each of the other kinds belongs to a
// request that was sent before, or to a task that has ended.
func (f *Frame) asks() bool { return f.Kind != Reply && f.Kind != Cancel && f.Kind != Fail }

// ErrGarbage is the error of bytes that are no frame. The stream cannot be read
// further.
var ErrGarbage = errors.New("not a frame")

// A Reader reads frames.
type Reader struct {
	r   *bufio.Reader
	buf []byte
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 16<<10)} }

// Read reads the next frame into f. It returns io.EOF if the stream ends between two
// frames.
func (r *Reader) Read(f *Frame) error {
	// the length first, since garbage may be shorter than a header
	size, err := r.r.Peek(4)
	if err != nil {
		if len(size) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return unexpectedEOF(err)
	}
	length := int(binary.LittleEndian.Uint32(size))
	if length < headerSize || length > MaxFrame {
		return fmt.Errorf("%w: a length of %d", ErrGarbage, length)
	}
	var head [4 + headerSize]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return unexpectedEOF(err)
	}
	name := int(binary.LittleEndian.Uint16(head[6:]))
	from := name + int(binary.LittleEndian.Uint16(head[8:]))
	if length < headerSize+from {
		return fmt.Errorf("%w: a length of %d, with names of %d", ErrGarbage, length, from)
	}
	*f = Frame{
		Kind:   Kind(head[4]),
		Flags:  head[5],
		MS:     binary.LittleEndian.Uint32(head[12:]),
		ID:     binary.LittleEndian.Uint64(head[16:]),
		Parent: binary.LittleEndian.Uint64(head[24:]),
	}
	rest := length - headerSize
	// memory grows with the bytes that arrive, not with the length that was announced
	if err := r.fill(rest); err != nil {
		return err
	}
	f.Name, f.From, f.Body = string(r.buf[:name]), string(r.buf[name:from]), r.buf[from:rest]
	return nil
}

// fill reads n bytes into buf, which grows as they arrive.
func (r *Reader) fill(n int) error {
	const step = 256 << 10
	if cap(r.buf) > step && n <= step {
		r.buf = nil // a large frame is rare: do not keep its memory
	}
	r.buf = r.buf[:0]
	for len(r.buf) < n {
		part := min(n-len(r.buf), step)
		start := len(r.buf)
		if cap(r.buf) < start+part {
			r.buf = append(make([]byte, 0, min(n, 2*start+part)), r.buf...)
		}
		r.buf = r.buf[:start+part]
		if _, err := io.ReadFull(r.r, r.buf[start:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return unexpectedEOF(err)
		}
	}
	return nil
}

// unexpectedEOF returns the error of a Read that failed in the middle of a frame.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the stream ends within one", ErrGarbage)
	}
	return err
}
