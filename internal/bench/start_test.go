package bench

import (
	"testing"

	"github.com/cogbus/cogbus/actors"
)

// BenchmarkNewServer makes a server and ends it, as each test of a cog does.
func BenchmarkNewServer(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := actors.NewServer(nil).Close(); err != nil {
			b.Fatal(err)
		}
	}
}
