package transport

import (
	"encoding/binary"
	"math/rand/v2"
)

// The bits of the first two bytes of a frame: RFC 6455 section 5.2.
const (
	finBit     = 0x80
	controlBit = 0x08
	finText    = 0x81 // a whole text message
	finBinary  = 0x82 // a whole binary message
	opClose    = 0x88
	maskBit    = 0x80
)

// longestHeader is the size of the longest header: section 5.2.
const longestHeader = 14

// A header is the beginning of a frame.
type header struct {
	first  byte // FIN, the reserved bits and the opcode
	masked bool
	key    [4]byte
	size   int    // of the header; 0 if it is not known yet
	length uint64 // of the payload
}

// parseHeader reads the header at the beginning of p. If some of its bytes have not
// arrived, it is not whole; first, masked and size are known from two bytes on.
func parseHeader(p []byte) (h header, whole bool) {
	if len(p) < 2 {
		return h, false
	}
	h.first, h.masked = p[0], p[1]&maskBit != 0
	h.size, h.length = 2, uint64(p[1]&^maskBit)
	switch h.length {
	case 126:
		h.size = 4
	case 127:
		h.size = 10
	}
	keyAt := h.size
	if h.masked {
		h.size += len(h.key)
	}
	if len(p) < h.size {
		return h, false
	}
	switch keyAt {
	case 4:
		h.length = uint64(binary.BigEndian.Uint16(p[2:]))
	case 10:
		h.length = binary.BigEndian.Uint64(p[2:])
	}
	if h.masked {
		h.key = [4]byte(p[keyAt:])
	}
	return h, true
}

// appendFrame appends text as one frame. A client masks its frames.
func appendFrame(dst, text []byte, mask bool) []byte {
	var bit byte
	if mask {
		bit = maskBit
	}
	switch n := len(text); {
	case n < 126:
		dst = append(dst, finText, bit|byte(n))
	case n < 1<<16:
		dst = append(dst, finText, bit|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, finText, bit|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	if !mask {
		return append(dst, text...)
	}
	// a strong generator, as section 10.3 asks: an author of the text must not be able
	// to choose the bytes on the wire
	var key [4]byte
	binary.LittleEndian.PutUint32(key[:], rand.Uint32())
	dst = append(dst, key[:]...)
	begin := len(dst)
	dst = append(dst, text...)
	unmask(dst[begin:], key)
	return dst
}

// unmask applies the key of a frame to its payload. Applying it twice undoes it.
func unmask(p []byte, key [4]byte) {
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	k |= k << 32
	for len(p) >= 32 {
		q := p[:32]
		binary.LittleEndian.PutUint64(q, binary.LittleEndian.Uint64(q)^k)
		binary.LittleEndian.PutUint64(q[8:], binary.LittleEndian.Uint64(q[8:])^k)
		binary.LittleEndian.PutUint64(q[16:], binary.LittleEndian.Uint64(q[16:])^k)
		binary.LittleEndian.PutUint64(q[24:], binary.LittleEndian.Uint64(q[24:])^k)
		p = p[32:]
	}
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^k)
		p = p[8:]
	}
	for i := range p {
		p[i] ^= key[i&3]
	}
}
