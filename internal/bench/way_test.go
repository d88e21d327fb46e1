package bench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

type tagged struct {
	Key  string   `json:"key"`
	Tags []string `json:"tags"`
}

// onTCP starts a bot with cogs on its own port and returns it with clients.
func onTCP(b *testing.B, clients int, list ...cogs.Cog) (*actors.Server, []*client.Client) {
	b.Helper()
	srv := actors.NewServer(&actors.Options{Secret: "s", Logger: slog.New(slog.DiscardHandler)})
	b.Cleanup(func() { _ = srv.Close() })
	if err := srv.Load(b.Context(), list...); err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = srv.Serve(context.Background(), l) }() // ends with Close
	var bots []*client.Client
	for range clients {
		bot, err := client.Dial(b.Context(), "ws://"+l.Addr().String(), &client.Options{Secret: "s", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = bot.Close() })
		bots = append(bots, bot)
	}
	return srv, bots
}

// BenchmarkSwitchUnderKeys reloads a cog, lets it save its state, and unloads it. Meanwhile
// 800 callers call a route again and again; its Key takes about 40 µs. The benchmark reports
// the longest time of each operation.
func BenchmarkSwitchUnderKeys(b *testing.B) {
	const work wire.Route[tagged, int] = "work"
	var saved atomic.Int64 // the time of the last save
	cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
		r.KeepFunc("n", func() ([]byte, error) { saved.Store(time.Now().UnixNano()); return []byte("1"), nil }, func([]byte) error { return nil })
		key := func(q tagged) string {
			sum := sha256.New()
			for range 8 {
				for _, tag := range q.Tags {
					sum.Write([]byte(tag))
				}
			}
			return fmt.Sprintf("%s %x", q.Key, sum.Sum(nil))
		}
		cogs.HandleWith(r, work, cogs.RouteOptions[tagged]{Key: key}, func(context.Context, tagged) (int, error) { return 1, nil })
		return nil
	}}
	srv, bots := onTCP(b, 4, cog)
	var calls, refused atomic.Int64
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for n := range 800 {
		q := tagged{Key: fmt.Sprint(n), Tags: strings.Split(strings.Repeat("tag ", 400), " ")}
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := client.Call(context.Background(), bots[n%len(bots)], work, q); err != nil {
					refused.Add(1)
				}
				calls.Add(1)
			}
		})
	}
	time.Sleep(time.Second)
	longest := map[string]time.Duration{}
	timed := func(what string, f func() error) {
		began := time.Now()
		if err := f(); err != nil {
			b.Errorf("%s: %v", what, err)
		}
		longest[what] = max(longest[what], time.Since(began))
	}
	for b.Loop() {
		for range 3 {
			timed("reload", func() error { _, err := srv.Reload(context.Background(), "c", nil); return err })
			timed("fresh", func() error {
				_, err := srv.Reload(context.Background(), "c", &actors.ReloadOptions{Fresh: true})
				return err
			})
		}
		// The bot makes a checkpoint every ten seconds. It saves the state, or skips that
		// if calls run all the time. In both cases it must not delay the reload behind it.
		time.Sleep(11 * time.Second)
		timed("behind-checkpoint", func() error { _, err := srv.Reload(context.Background(), "c", nil); return err })
		timed("unload", func() error { return srv.Unload(context.Background(), "c") })
		if err := srv.Load(context.Background(), cog); err != nil {
			b.Fatal(err)
		}
	}
	close(stop)
	callers.Wait()
	for what, took := range longest {
		b.ReportMetric(float64(took.Milliseconds()), what+"-ms")
	}
	b.ReportMetric(float64(calls.Load()), "calls")
	b.ReportMetric(float64(refused.Load()), "refused-calls")
}

// BenchmarkHangingKey calls two routes, and reports the 99th percentile of each: without
// other calls, and while now and then a call comes whose Key hangs.
func BenchmarkHangingKey(b *testing.B) {
	const (
		work  wire.Route[tagged, int] = "work"
		other wire.Route[tagged, int] = "other"
	)
	release := make(chan struct{})
	b.Cleanup(func() { close(release) })
	key := func(q tagged) string {
		if q.Key == "hang" {
			<-release
		}
		return q.Key
	}
	_, bots := onTCP(b, 1, cogs.Cog{Name: "c", Timeout: time.Second, DrainTimeout: 100 * time.Millisecond, Setup: func(_ context.Context, r *cogs.Registrar) error {
		h := func(context.Context, tagged) (int, error) { return 1, nil }
		cogs.HandleWith(r, work, cogs.RouteOptions[tagged]{Key: key}, h)
		cogs.Handle(r, other, h)
		return nil
	}})
	measure := func(hangs bool) (p99 map[wire.Route[tagged, int]]time.Duration) {
		var mu sync.Mutex
		took := map[wire.Route[tagged, int]][]time.Duration{}
		var callers sync.WaitGroup
		until := time.Now().Add(3 * time.Second)
		for n := range 8 {
			route := work
			if n%2 == 1 {
				route = other
			}
			callers.Go(func() {
				for time.Now().Before(until) {
					began := time.Now()
					if _, err := client.Call(context.Background(), bots[0], route, tagged{Key: fmt.Sprint(n)}); err != nil {
						b.Error(err)
					}
					t := time.Since(began)
					mu.Lock()
					took[route] = append(took[route], t)
					mu.Unlock()
				}
			})
		}
		if hangs {
			callers.Go(func() {
				for time.Now().Before(until) {
					ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
					_, _ = client.Call(ctx, bots[0], work, tagged{Key: "hang"})
					cancel()
				}
			})
		}
		callers.Wait()
		p99 = map[wire.Route[tagged, int]]time.Duration{}
		for route, list := range took {
			slices.Sort(list)
			p99[route] = list[len(list)*99/100]
		}
		return p99
	}
	measure(false)
	for b.Loop() {
		alone, beside := measure(false), measure(true)
		for _, route := range []wire.Route[tagged, int]{work, other} {
			b.ReportMetric(float64(alone[route].Microseconds()), string(route)+"-p99-µs")
			b.ReportMetric(float64(beside[route])/float64(alone[route]), string(route)+"-ratio")
		}
	}
}
