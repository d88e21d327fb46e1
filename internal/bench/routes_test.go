package bench

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// inMemory starts a bot with cogs and returns it with a client.
func inMemory(b *testing.B, list ...cogs.Cog) (*actors.Server, *client.Client) {
	b.Helper()
	srv := actors.NewServer(&actors.Options{Insecure: true, Logger: slog.New(slog.DiscardHandler)})
	if err := srv.Load(b.Context(), list...); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = srv.Close() })
	bot, err := client.Dial(b.Context(), "ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = bot.Close() })
	return srv, bot
}

// BenchmarkReload reloads one of 100 cogs, which have 10,000 routes together, while clients
// call other cogs. Each reload publishes a new route table.
func BenchmarkReload(b *testing.B) {
	var list []cogs.Cog
	for n := range 100 {
		name := fmt.Sprintf("cog%d", n)
		list = append(list, cogs.Cog{Name: name, Setup: func(_ context.Context, r *cogs.Registrar) error {
			for k := range 100 {
				cogs.Handle(r, wire.Route[echo, echo](fmt.Sprintf("%s.%d", name, k)), handle)
			}
			return nil
		}})
	}
	srv, bot := inMemory(b, list...)
	ctx, stop := context.WithCancel(b.Context())
	var callers sync.WaitGroup
	for n := range 4 {
		callers.Go(func() {
			for ctx.Err() == nil {
				if _, err := client.Call[echo, echo](context.Background(), bot, wire.Route[echo, echo](fmt.Sprintf("cog%d.7", n)), echo{}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	for b.Loop() {
		if _, err := srv.Reload(b.Context(), "cog99", nil); err != nil {
			b.Fatal(err)
		}
	}
	stop()
	callers.Wait()
}

// BenchmarkSlowRoute calls two routes on one connection, a fast one and one that takes a
// millisecond. It reports the latency of the fast one.
func BenchmarkSlowRoute(b *testing.B) {
	_, bot := inMemory(b, cogs.Single("fast", handle), cogs.Single("slow", func(ctx context.Context, e echo) (echo, error) {
		time.Sleep(time.Millisecond)
		return e, nil
	}))
	ctx, stop := context.WithCancel(b.Context())
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for ctx.Err() == nil {
				if _, err := client.Call[echo, echo](context.Background(), bot, "slow", echo{}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := client.Call[echo, echo](context.Background(), bot, "fast", echo{}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	stop()
	callers.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
