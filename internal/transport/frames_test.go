package transport

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

var noDeadline time.Time

// lingerWait is longer than any test, so a Linger that waits for its end hangs.
const lingerWait = time.Minute

// waitsWithoutBuffer says whether a reader of a socket can wait without a buffer on
// this system.
const waitsWithoutBuffer = runtime.GOOS != "windows" && runtime.GOOS != "plan9" && runtime.GOOS != "js" && runtime.GOOS != "wasip1"

// cutHead removes the answer to a handshake.
func cutHead(b []byte) (head, rest []byte, ok bool) { return bytes.Cut(b, []byte("\r\n\r\n")) }

// sockets returns two functions that return the two ends of new connections in turn.
func sockets(t *testing.T, network string) (near, far func() net.Conn) {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skipf("%s: %v", network, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	end := func(conn net.Conn, err error) net.Conn {
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	return func() net.Conn { return end(net.Dial(network, l.Addr().String())) }, func() net.Conn { return end(l.Accept()) }
}

// A frameWriter writes random frames of a peer. Most of them are valid.
type frameWriter struct {
	r      *rand.Rand
	b      []byte
	masked bool
	limit  int // of messages
}

func (w *frameWriter) one(list ...int) int { return list[w.r.IntN(len(list))] }

func (w *frameWriter) frame(first byte, masked bool, payload []byte) {
	w.header(first, masked, uint64(len(payload)), w.r.IntN(8) == 0 && first&controlBit == 0)
	begin := len(w.b)
	w.b = append(w.b, payload...)
	if masked {
		unmask(w.b[begin:], [4]byte(w.b[begin-4:]))
	}
}

// header writes a header. If long is true, its length takes more bytes than it needs.
func (w *frameWriter) header(first byte, masked bool, length uint64, long bool) {
	var bit byte
	if masked {
		bit = maskBit
	}
	switch {
	case length < 126 && !long:
		w.b = append(w.b, first, bit|byte(length))
	case length < 1<<16 && (!long || w.r.IntN(2) == 0):
		w.b = binary.BigEndian.AppendUint16(append(w.b, first, bit|126), uint16(length))
	default:
		w.b = binary.BigEndian.AppendUint64(append(w.b, first, bit|127), length)
	}
	if masked {
		w.b = binary.LittleEndian.AppendUint32(w.b, w.r.Uint32())
	}
}

func (w *frameWriter) text(size int) []byte {
	size = min(size, w.limit)
	return bytes.Repeat([]byte{byte('a' + w.r.IntN(26)), '.', '-'}, size/3+1)[:size]
}

func (w *frameWriter) control() {
	w.frame(byte(w.one(0x89, 0x8A)), w.masked, w.text(w.one(0, 1, 5, 124, 125)))
}

func (w *frameWriter) stream() {
	for range w.r.IntN(8) {
		switch w.r.IntN(4) {
		case 0:
			w.control()
		case 1: // fragments
			parts := 2 + w.r.IntN(3)
			for i := range parts {
				first := byte(0)
				if i == 0 {
					first = byte(w.one(1, 2))
				}
				if i == parts-1 {
					first |= finBit
				}
				w.frame(first, w.masked, w.text(w.one(0, 1, 7, 126, w.limit/3)))
				if first&finBit == 0 && w.r.IntN(3) == 0 {
					w.control()
				}
			}
		default:
			w.frame(byte(w.one(finText, finBinary)), w.masked, w.text(w.one(0, 1, 2, 125, 126, 127, 16<<10, 40_000, 65_535, 65_536, w.limit)))
		}
	}
	switch w.r.IntN(12) {
	case 0:
		w.frame(opClose, w.masked, []byte{3, byte(w.one(0xE8, 0xE9, 0xED, 0xEE, 0xF3)), 'x'})
	case 1:
		w.frame(opClose, w.masked, w.text(w.one(0, 1, 2)))
	case 2: // reserved bits and opcodes
		w.frame(byte(w.one(0xC1, 0xA1, 0x91, 0x83, 0x8B, 0x8F, 0xC9)), w.masked, w.text(5))
	case 3: // masked as if by the other end
		w.frame(byte(w.one(finText, 0x89, opClose)), !w.masked, w.text(5))
	case 4: // a control frame that is long, or a fragment
		w.frame(byte(w.one(0x89, 0x88)), w.masked, w.text(w.one(126, 200)))
		w.frame(0x09, w.masked, nil)
	case 5: // fragments in a wrong order
		w.frame(byte(w.one(0x00, 0x80, 0x01)), w.masked, w.text(1))
		w.frame(finText, w.masked, w.text(1))
	case 6:
		w.frame(byte(w.one(finText, 0x01)), w.masked, append(w.text(w.limit), '.'))
		w.frame(0x80, w.masked, nil)
	case 7: // invalid lengths, and lengths that nearly wrap around
		length := []uint64{1 << 63, 1<<64 - 1, 1<<64 - 10, 1<<64 - 14, 1<<63 - 1, 1<<63 - 14}
		w.header(byte(w.one(finText, 0x01, 0x80, 0x89)), w.masked, length[w.r.IntN(len(length))], true)
		w.frame(finText, w.masked, w.text(5))
	}
	if w.r.IntN(4) == 0 {
		w.b = w.b[:w.r.IntN(len(w.b)+1)]
	}
}
