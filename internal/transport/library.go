package transport

import "math"

// A part of a connection is what the WebSocket library is given in its own way.
type part uint8

const (
	frames part = iota

	// of the answer to a client's handshake
	lineBegin  // of a line
	lineReturn // behind a carriage return, which a line has begun with
	lineRest
	body // or nothing, if frames follow
)

// Read gives the WebSocket library what has arrived: of a handshake at most all of
// it, of what follows at most one frame.
func (l *link) Read(p []byte) (int, error) {
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
			// the library may see from these what is wrong, whatever follows
			in.given = copy(p, in.buf[in.r:in.r+2])
			return in.given, nil
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
		l.ended()
	}
	return n, nil
}

// begin notes what the frame is that the library is given next.
func (in *incoming) begin(h header) {
	// a length that is no number fails when the library has read the header
	in.frame = uint64(h.size-in.given) + min(h.length, math.MaxInt64)
	in.r += in.given
	in.given = 0
	in.half = h.first == opClose && h.length == 1
	control := h.first&controlBit != 0
	in.last = !control && h.first&finBit != 0
	in.inMessage = in.inMessage || !control
}

// readAnswer gives bytes up to the empty line that ends a server's part of the
// handshake. Whoever reads on then wants the body of an answer that refuses.
func (l *link) readAnswer(p []byte) (int, error) {
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

// head returns how much of text belongs to the head of an answer. Lines end as they
// do for net/http, which takes a newline alone.
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
