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
