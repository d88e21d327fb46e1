// Package buffer keeps the memory of messages for the next ones.
package buffer

import "sync"

// A Buffer holds one message. Its owner frees it once; nothing may refer to B
// afterwards.
type Buffer struct{ B []byte }

// New returns an empty buffer.
func New() *Buffer { return buffers.Get().(*Buffer) }

// Free gives b back. Large ones are left to the garbage collector, or a few
// large messages would stay in memory for ever.
func (b *Buffer) Free() {
	if cap(b.B) > 64<<10 {
		return
	}
	b.B = b.B[:0]
	buffers.Put(b)
}

var buffers = sync.Pool{New: func() any { return &Buffer{B: make([]byte, 0, 1024)} }}
