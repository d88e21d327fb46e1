package buffer_test

import (
	"testing"

	"github.com/cogbus/cogbus/internal/buffer"
)

func TestFree_largeOnesAreNotKept(t *testing.T) {
	b := &buffer.Buffer{B: make([]byte, 1<<20)}
	b.Free()
	for range 100 {
		if n := buffer.New(); cap(n.B) > 64<<10 || len(n.B) != 0 {
			t.Fatalf("New has length %d and capacity %d; want an empty small one", len(n.B), cap(n.B))
		}
	}
}

// TestFor_sizes gives a large message a buffer of its own kind, which comes back.
func TestFor_sizes(t *testing.T) {
	for _, n := range []int{0, 100, 64 << 10, 64<<10 + 1, 1 << 20, 3 << 20} {
		b := buffer.For(n)
		if len(b.B) != 0 || n > 64<<10 && cap(b.B) < n {
			t.Errorf("For(%d) has length %d and capacity %d; want an empty one with room", n, len(b.B), cap(b.B))
		}
		b.Free()
	}
	large := buffer.For(1 << 20)
	large.Free()
	if n := buffer.New(); cap(n.B) > 64<<10 {
		t.Errorf("New has capacity %d after a large buffer was freed; want a small one", cap(n.B))
	}
}
