package transport

import "github.com/cogbus/cogbus/internal/buffer"

// message takes the next message if it is a whole data frame of at most limit bytes. It
// returns nil if the next frame is for the library.
func (l *frameConn) message(limit int) (b *buffer.Buffer, text bool, err error) {
	in := &l.in
	var h header
	for {
		var whole bool
		h, whole = parseHeader(in.buf[in.r:in.w])
		if h.size > 0 && (h.first != finText && h.first != finBinary || h.masked == in.client) {
			return nil, false, nil
		}
		if whole {
			break
		}
		if err := l.fill(); err != nil {
			return nil, false, err
		}
	}
	if h.length > uint64(max(0, limit)) {
		return nil, false, nil
	}
	in.inMessage = true
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
		if rest < readSize/2 {
			err = l.fill()
		} else {
			b = roomier(b, n)
			err = l.readInto(b, rest)
		}
		if err != nil {
			b.Free()
			return nil, false, err
		}
	}
	l.arrived()
	if h.masked {
		unmask(b.B, h.key)
	}
	return b, h.first == finText, nil
}

// roomier returns b if it has room. Otherwise it returns a larger buffer with the same
// bytes, for a message of n bytes. Memory grows with the bytes that have arrived, not
// with the length that was announced.
func roomier(b *buffer.Buffer, n int) *buffer.Buffer {
	if len(b.B) < cap(b.B) {
		return b
	}
	next := buffer.For(min(n, 8*cap(b.B)))
	if cap(next.B) <= len(b.B) { // for small sizes the pool returns a buffer of any size
		next.B = make([]byte, 0, min(n, 8*cap(b.B)))
	}
	next.B = append(next.B[:0], b.B...)
	b.Free()
	return next
}

// readInto reads some of the rest of a large message directly into b.
func (l *frameConn) readInto(b *buffer.Buffer, rest int) error {
	size := len(b.B)
	room := b.B[size:min(cap(b.B), size+rest)]
	n, err := l.readConn(room)
	b.B = b.B[:size+n]
	if n > 0 {
		return nil // the next read returns the error again
	}
	return err
}
