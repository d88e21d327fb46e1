// Package buffer keeps the memory of messages for the next ones.
package buffer

import "sync"

// A Buffer holds one message. Its owner frees it once; afterwards no code may refer to
// B.
type Buffer struct{ B []byte }

// Messages of more than small bytes have a pool of their own. Otherwise small messages
// would hold a few large buffers for ever. The garbage collector takes buffers of more
// than large bytes.
const (
	small = 64 << 10
	large = 2 << 20
)

// New returns an empty buffer.
func New() *Buffer { return buffers.Get().(*Buffer) }

// For returns an empty buffer for about n bytes.
func For(n int) *Buffer {
	if n <= small {
		return New()
	}
	b := largeBuffers.Get().(*Buffer)
	if cap(b.B) < n {
		b.B = make([]byte, 0, n+n/8)
	}
	return b
}

// Free gives b back.
func (b *Buffer) Free() {
	switch n := cap(b.B); {
	case n <= small:
		b.B = b.B[:0]
		buffers.Put(b)
	case n <= large:
		b.B = b.B[:0]
		largeBuffers.Put(b)
	}
}

// A pool drops the buffers that were not used between two garbage collections.
var (
	buffers      = sync.Pool{New: func() any { return &Buffer{B: make([]byte, 0, 1024)} }}
	largeBuffers = sync.Pool{New: func() any { return &Buffer{} }}
)
