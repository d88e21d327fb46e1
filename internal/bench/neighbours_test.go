package bench

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// BenchmarkNeighbours measures the effect of a bad cog on the latency of another cog's
// route, which is called 2,000 times a second in an open loop. It reports the median ratio
// of the 99th percentiles, with the bad cog and without, of 7 interleaved pairs of runs.
// Run it with -benchtime 1x: a round takes about 20 s.
func BenchmarkNeighbours(b *testing.B) {
	for _, bad := range []struct {
		name string
		cog  func() cogs.Cog
		make func(ctx context.Context, srv *actors.Server, bot *client.Client)
	}{
		{"panics", badCog, hammer("panic", time.Millisecond)},
		{"wedged", badCog, func(ctx context.Context, srv *actors.Server, bot *client.Client) {
			for range 200 { // the limit of the bad cog is 100, so the bot refuses the others
				go func() { _, _ = bot.Request(ctx, "wedge", nil) }()
			}
			hammer("wedge", time.Millisecond)(ctx, srv, bot)
		}},
		{"restarts", badCog, hammer("fall", 5*time.Millisecond)},
		{"reloads", badCog, func(ctx context.Context, srv *actors.Server, bot *client.Client) {
			for ctx.Err() == nil {
				_, _ = srv.Reload(ctx, "bad", nil)
			}
		}},
	} {
		b.Run("bad="+bad.name, func(b *testing.B) {
			for b.Loop() {
				var ratios []float64
				var alone, beside []time.Duration
				for range 7 {
					quiet := measure(b, bad.cog(), nil)
					loud := measure(b, bad.cog(), bad.make)
					alone, beside = append(alone, quiet), append(beside, loud)
					ratios = append(ratios, float64(loud)/float64(quiet))
				}
				b.ReportMetric(median(ratios), "p99-ratio")
				b.ReportMetric(float64(median(alone).Microseconds()), "alone-p99-µs")
				b.ReportMetric(float64(median(beside).Microseconds()), "beside-p99-µs")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

func median[T int | float64 | time.Duration](list []T) T {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

// badCog returns a cog with routes that do harm in different ways.
func badCog() cogs.Cog {
	return cogs.Cog{Name: "bad", MaxInFlight: 100, DrainTimeout: time.Millisecond, Setup: func(_ context.Context, r *cogs.Registrar) error {
		fall := make(chan struct{}, 1)
		cogs.Handle(r, "panic", func(context.Context, wire.Empty) (int, error) { panic("on purpose") })
		cogs.Handle(r, "wedge", func(ctx context.Context, _ wire.Empty) (int, error) {
			time.Sleep(2 * time.Second) // also when its context ends
			return 0, nil
		})
		cogs.Handle(r, "fall", func(context.Context, wire.Empty) (int, error) {
			select {
			case fall <- struct{}{}:
			default:
			}
			return 0, nil
		})
		r.Go(func(ctx context.Context) error {
			select {
			case <-fall:
				return errors.New("on purpose")
			case <-ctx.Done():
				return nil
			}
		})
		return nil
	}}
}

// hammer calls an endpoint each interval and does not wait for the answers.
func hammer(endpoint string, interval time.Duration) func(context.Context, *actors.Server, *client.Client) {
	return func(ctx context.Context, srv *actors.Server, bot *client.Client) {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			go func() {
				callCtx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
				_, _ = bot.Request(callCtx, endpoint, nil)
			}()
			if endpoint == "fall" && n%200 == 199 { // the cog has failed too often and must be reloaded
				_, _ = srv.Reload(ctx, "bad", nil)
			}
		}
	}
}

// measure returns the 99th percentile of the good cog's latency. It counts each call from
// the time at which it was due.
func measure(b *testing.B, bad cogs.Cog, harm func(context.Context, *actors.Server, *client.Client)) time.Duration {
	b.Helper()
	srv := actors.NewServer(&actors.Options{Secret: secret, Logger: slog.New(slog.DiscardHandler), ShutdownTimeout: time.Millisecond})
	defer srv.Close()
	if err := srv.Load(b.Context(), cogs.Single("echo", handle), bad); err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go func() { _ = srv.Serve(ctx, l) }()
	var bots [2]*client.Client
	for i := range bots {
		if bots[i], err = client.Dial(ctx, "ws://"+l.Addr().String(), &client.Options{Secret: secret}); err != nil {
			b.Fatal(err)
		}
		defer bots[i].Close()
	}
	if harm != nil {
		go harm(ctx, srv, bots[1])
	}
	const rate, seconds = 2000, 1.5
	n := int(rate * seconds)
	latencies := make([]time.Duration, n)
	var calls sync.WaitGroup
	start := time.Now().Add(200 * time.Millisecond)
	for i := range n {
		due := start.Add(time.Duration(i) * time.Second / rate)
		time.Sleep(time.Until(due))
		calls.Go(func() {
			if _, err := client.Call[echo, echo](ctx, bots[0], "echo", echo{Guild: 1, Pad: "pad"}); err != nil {
				b.Error(err)
			}
			latencies[i] = time.Since(due)
		})
	}
	calls.Wait()
	return slices.Sorted(slices.Values(latencies))[n*99/100]
}
