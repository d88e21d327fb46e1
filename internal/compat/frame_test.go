package compat

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// Opcodes of RFC 6455.
const (
	opCont   = 0
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

var opNames = map[string]byte{"cont": opCont, "text": opText, "binary": opBinary, "close": opClose, "ping": opPing, "pong": opPong}

// A frame is one WebSocket frame. The tests have their own codec for frames. The library
// under the server would hide its own faults, and it refuses to send the frames of a broken
// peer.
type frame struct {
	fin     bool
	rsv     byte // the reserved bits; 4 is RSV1
	op      byte
	masked  bool
	payload []byte
}

func (f frame) String() string {
	for name, op := range opNames {
		if op == f.op {
			if op == opClose && len(f.payload) >= 2 {
				return fmt.Sprintf("close %d %q", f.closeCode(), f.payload[2:])
			}
			return fmt.Sprintf("%s %.80q", name, f.payload)
		}
	}
	return fmt.Sprintf("opcode %d %.80q", f.op, f.payload)
}

// closeCode returns the code of a Close frame, 1005 if it has none.
func (f frame) closeCode() int {
	if len(f.payload) < 2 {
		return 1005
	}
	return int(binary.BigEndian.Uint16(f.payload))
}

func closeFrame(code int) frame {
	return frame{fin: true, op: opClose, payload: binary.BigEndian.AppendUint16(nil, uint16(code))}
}

// append appends the bytes of f. declared is the length in its head, which may be wrong on
// purpose.
func (f frame) append(dst []byte, declared uint64) []byte {
	head := f.rsv<<4 | f.op
	if f.fin {
		head |= 0x80
	}
	var mask byte
	if f.masked {
		mask = 0x80
	}
	dst = append(dst, head)
	switch {
	case declared < 126:
		dst = append(dst, mask|byte(declared))
	case declared < 1<<16:
		dst = append(dst, mask|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(declared))
	default:
		dst = append(dst, mask|127)
		dst = binary.BigEndian.AppendUint64(dst, declared)
	}
	if !f.masked {
		return append(dst, f.payload...)
	}
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	dst = append(dst, key[:]...)
	start := len(dst)
	dst = append(dst, f.payload...)
	for i := range f.payload {
		dst[start+i] ^= key[i&3]
	}
	return dst
}

// readFrame reads one frame of a client or a server.
func readFrame(r *bufio.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	f := frame{fin: head[0]&0x80 != 0, rsv: head[0] >> 4 & 7, op: head[0] & 15, masked: head[1]&0x80 != 0}
	n := uint64(head[1] & 0x7F)
	if n >= 126 {
		var ext [8]byte
		size := 2
		if n == 127 {
			size = 8
		}
		if _, err := io.ReadFull(r, ext[8-size:]); err != nil {
			return f, err
		}
		n = binary.BigEndian.Uint64(ext[:])
	}
	var key [4]byte
	if f.masked {
		if _, err := io.ReadFull(r, key[:]); err != nil {
			return f, err
		}
	}
	f.payload = make([]byte, n)
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return f, err
	}
	if f.masked {
		for i := range f.payload {
			f.payload[i] ^= key[i&3]
		}
	}
	return f, nil
}

// A message is a message of a dialogue, joined from the frames of one side.
type message struct {
	binary  bool
	payload []byte
}

// frameOf returns the frame that a recorded step describes, masked unless the
// step says otherwise, and the length that it declares.
func frameOf(step node) (frame, uint64, error) {
	f := frame{fin: true, masked: true}
	if step.has("fin") {
		f.fin = step.get("fin").bool()
	}
	if step.has("mask") {
		f.masked = step.get("mask").bool()
	}
	if step.has("rsv") {
		f.rsv = byte(step.get("rsv").int())
	}
	op, known := opNames[step.get("op").str]
	if step.get("op").kind == '#' {
		op, known = byte(step.get("op").int()), true
	}
	if !known {
		return f, 0, fmt.Errorf("no frame: %.100s", step.raw)
	}
	f.op = op
	switch {
	case step.has("gen"):
		g := step.get("gen")
		f.payload = []byte(g.get("prefix").str + strings.Repeat(g.get("fill").str, g.get("count").int()) + g.get("suffix").str)
	case step.has("hex"):
		var err error
		if f.payload, err = hex.DecodeString(step.get("hex").str); err != nil {
			return f, 0, err
		}
	case step.has("code"):
		f.payload = binary.BigEndian.AppendUint16(nil, uint16(step.get("code").int()))
		f.payload = append(f.payload, step.get("reason").str...)
	default:
		f.payload = []byte(step.get("text").str)
	}
	declared := uint64(len(f.payload))
	if step.has("declared_len") {
		declared = uint64(step.get("declared_len").int())
	}
	return f, declared, nil
}

// messagesOf joins the fragments of the steps' data frames.
func messagesOf(steps []node) (list []message) {
	var open *message
	var walk func([]node)
	walk = func(steps []node) {
		for _, step := range steps {
			if step.has("join") {
				walk(step.get("join").list)
				continue
			}
			f, _, err := frameOf(step)
			if err != nil || f.op >= opClose {
				continue
			}
			if f.op != opCont {
				open = &message{binary: f.op == opBinary}
			} else if open == nil {
				continue
			}
			open.payload = append(open.payload, f.payload...)
			if f.fin {
				list, open = append(list, *open), nil
			}
		}
	}
	walk(steps)
	return list
}

func TestFrameCodec(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65535, 65536} {
		for _, masked := range []bool{false, true} {
			want := frame{fin: size%2 == 0, rsv: 4, op: opBinary, masked: masked, payload: bytes.Repeat([]byte("ab"), size)[:size]}
			got, err := readFrame(bufio.NewReader(bytes.NewReader(want.append(nil, uint64(size)))))
			if err != nil || got.fin != want.fin || got.rsv != want.rsv || got.op != want.op || got.masked != masked || !slices.Equal(got.payload, want.payload) {
				t.Errorf("%d bytes, masked %v: frame = %v, %v; want %v", size, masked, got, err, want)
			}
		}
	}
}
