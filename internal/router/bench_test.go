package router

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// wide returns a generation of a cog with n routes.
func wide(b *testing.B, r *Router, name string, n int) *gate.Generation {
	b.Helper()
	i, err := instance.Open(b.Context(), instance.Spec{Name: name, Setup: func(_ context.Context, r *instance.Recorder) error {
		for k := range n {
			cogs.Handle((*cogs.Registrar)(r), wire.Route[wire.Empty, wire.Empty](fmt.Sprintf("%s.route%d", name, k)), func(context.Context, wire.Empty) (wire.Empty, error) {
				return wire.Empty{}, nil
			})
		}
		return nil
	}}, instance.Options{})
	if err != nil {
		b.Fatal(err)
	}
	g := r.NewGate(i.Cog())
	gen := g.Next(1, i, nil)
	g.Swap(gen)
	return gen
}

// BenchmarkAdmit makes a call of one route among 10 to 10,000, admits it, runs it as a
// reader does, and frees it.
func BenchmarkAdmit(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			r := New(Options{Log: slog.New(slog.DiscardHandler), MaxMessage: 1000})
			if err := r.Publish("cog", wide(b, r, "cog", n)); err != nil {
				b.Fatal(err)
			}
			s := &Session{Router: r}
			s.Maker = &recorder{session: s}
			q := Request{Endpoint: []byte(fmt.Sprintf("cog.route%d", n/2))}
			b.ReportAllocs()
			for b.Loop() {
				c := s.NewCall(&q)
				if err := s.Enter(c); err != nil {
					b.Fatal(err)
				}
				if !r.Admit(c) {
					b.Fatal("Admit = false; want a call to run")
				}
				c.RunOnReader()
				c.Free()
			}
		})
	}
}

// BenchmarkPublish publishes one of 100 cogs again, among 10 to 10,000 routes.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			r := New(Options{Log: slog.New(slog.DiscardHandler), MaxMessage: 1000})
			var one *gate.Generation
			for k := range 100 {
				name := fmt.Sprintf("cog%d", k)
				one = wide(b, r, name, n/100)
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
