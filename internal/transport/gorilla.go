package transport

import "math"

// A part of a connection differs from the others in the number of bytes that one Read
// gives the WebSocket library.
type part uint8

const (
	frames part = iota

	// Parts of the answer to a client's handshake.
	lineBegin  // at the beginning of a line
	lineReturn // behind a carriage return at the beginning of a line
	lineRest
	body // the body of a refusal, or nothing if frames follow
)

// Read gives the WebSocket library bytes that have arrived. In a handshake it gives at
// most all of the handshake, and later at most one frame.
func (l *frameConn) Read(p []byte) (int, error) {
	in := &l.in
	if in.part != frames {
		return l.readAnswer(p)
	}
	for in.frame == 0 {
		h, whole := parseHeader(in.buf[in.r:in.w])
		if whole {
			in.begin(h)
			break
		}
		if h.size > 0 && in.given == 0 {
			// the library may find a fault in these two bytes, before the rest arrives
			n := copy(p, in.buf[in.r:in.r+2])
			in.given = uint8(n)
			return n, nil
		}
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	if in.r == in.w {
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(uint64(len(p)), in.frame)], in.buf[in.r:in.w])
	in.r += n
	in.frame -= uint64(n)
	if in.frame == 0 && (in.last || !in.inMessage) {
		l.arrived()
	}
	return n, nil
}

// begin notes the frame that the library will read next.
func (in *readBuffer) begin(h header) {
	// an invalid length fails when the library has read the header
	in.frame = uint64(h.size-int(in.given)) + min(h.length, math.MaxInt64)
	in.r += int(in.given)
	in.given = 0
	in.half = h.first == opClose && h.length == 1
	control := h.first&controlBit != 0
	in.last = !control && h.first&finBit != 0
	in.inMessage = in.inMessage || !control
}

// readAnswer gives bytes up to the empty line that ends a server's part of the
// handshake. If the library reads on, it wants the body of a refusal.
func (l *frameConn) readAnswer(p []byte) (int, error) {
	in := &l.in
	if in.r == in.w {
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.buf[in.r:in.w])
	if in.part != body {
		n = in.part.head(p[:n])
	}
	in.r += n
	return n, nil
}

// head returns how many bytes of text belong to the head of an answer. A newline alone
// ends a line, as in net/http.
func (part *part) head(text []byte) int {
	for i, c := range text {
		switch {
		case c == '\n' && *part != lineRest:
			*part = body
			return i + 1
		case c == '\n':
			*part = lineBegin
		case c == '\r' && *part == lineBegin:
			*part = lineReturn
		default:
			*part = lineRest
		}
	}
	return len(text)
}
