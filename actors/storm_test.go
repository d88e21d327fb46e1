package actors_test

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// TestReload_underLoad reloads a cog 200 times under 8 callers on a real socket. Every
// call is answered, none runs twice, and the cog's counter, which has no lock, is
// exact.
func TestReload_underLoad(t *testing.T) {
	const reloads, callers = 200, 8
	for _, keep := range []bool{true, false} {
		t.Run(map[bool]string{true: "kept", false: "fresh"}[keep], func(t *testing.T) {
			t.Parallel()
			var ran atomic.Int64
			cog := cogs.Cog{Name: "counter", Serial: true, Setup: func(_ context.Context, r *cogs.Registrar) error {
				n := 0
				cogs.Handle(r, next, func(context.Context, wire.Empty) (int, error) {
					ran.Add(1)
					n++
					return n, nil
				})
				if keep {
					cogs.Keep(r, "n", &n)
				}
				return nil
			}}
			srv := actors.NewServer(&actors.Options{Secret: "s"})
			defer srv.Close()
			if err := srv.Load(t.Context(), cog); err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			serving := make(chan error, 1)
			ctx, stop := context.WithCancel(t.Context())
			go func() { serving <- srv.Serve(ctx, l) }()

			done := make(chan struct{})
			var answered atomic.Int64
			seen := make([]map[int]int, callers)
			var work sync.WaitGroup
			for i := range callers {
				seen[i] = map[int]int{}
				work.Go(func() {
					bot, err := client.Dial(t.Context(), "ws://"+l.Addr().String(), &client.Options{Secret: "s"})
					if err != nil {
						t.Errorf("Dial failed: %v", err)
						return
					}
					defer bot.Close()
					for {
						select {
						case <-done:
							return
						default:
						}
						n, err := client.Call(t.Context(), bot, next, wire.Empty{})
						if err != nil {
							t.Errorf("a call failed: %v", err)
							return
						}
						answered.Add(1)
						seen[i][n]++
					}
				})
			}
			longest := 0.0
			for range reloads {
				before := answered.Load()
				d, err := srv.Reload(t.Context(), "counter", nil)
				if err != nil {
					t.Errorf("Reload failed: %v", err)
				}
				longest = max(longest, d.Paused)
				for answered.Load() == before && !t.Failed() { // each generation serves
					runtime.Gosched()
				}
			}
			close(done)
			work.Wait()
			stop()
			if err := <-serving; err != nil {
				t.Errorf("Serve = %v; want nil", err)
			}
			t.Logf("%d calls over %d reloads, longest pause %.3f ms", answered.Load(), reloads, longest)
			if got, want := ran.Load(), answered.Load(); got != want {
				t.Errorf("handlers ran %d times; want once for each of %d answers", got, want)
			}
			if !keep {
				return
			}
			numbers := map[int]int{}
			for _, s := range seen {
				for n, times := range s {
					numbers[n] += times
				}
			}
			for n := 1; n <= int(answered.Load()); n++ {
				if numbers[n] != 1 {
					t.Fatalf("the counter said %d %d times; want once", n, numbers[n])
				}
			}
		})
	}
}
