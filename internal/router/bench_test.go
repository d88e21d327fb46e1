package router

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// wide returns a generation of a cog with n routes.
func wide(b *testing.B, name string, n int) *Generation {
	b.Helper()
	i, err := cogs.Open(b.Context(), cogs.Cog{Name: name, Setup: func(_ context.Context, r *cogs.Registrar) error {
		for k := range n {
			cogs.Handle(r, wire.Route[wire.Empty, wire.Empty](fmt.Sprintf("%s.route%d", name, k)), func(context.Context, wire.Empty) (wire.Empty, error) {
				return wire.Empty{}, nil
			})
		}
		return nil
	}}, func() {})
	if err != nil {
		b.Fatal(err)
	}
	gate := NewGate(i.Cog())
	gen := NewGeneration(gate, 1, i, nil)
	gate.Swap(gen)
	return gen
}

// BenchmarkAdmit looks a route up among 10 to 10,000, admits a call to it and lets
// it go.
func BenchmarkAdmit(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			r := New(slog.New(slog.DiscardHandler), 1000)
			if err := r.Publish("cog", wide(b, "cog", n)); err != nil {
				b.Fatal(err)
			}
			name := []byte(fmt.Sprintf("cog.route%d", n/2))
			c := &Call{session: r.Inside}
			for b.Loop() {
				c.target = r.table.Load().routes[string(name)]
				if !r.Admit(c) {
					b.Fatal("Admit = false; want a call to run")
				}
				c.stage.Store(arriving)
				c.route.generation.leave()
			}
		})
	}
}

// BenchmarkPublish publishes one of 100 cogs anew, among 10 to 10,000 routes.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			r := New(slog.New(slog.DiscardHandler), 1000)
			var one *Generation
			for k := range 100 {
				name := fmt.Sprintf("cog%d", k)
				one = wide(b, name, n/100)
				if err := r.Publish(name, one); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := r.Publish("cog99", one); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
