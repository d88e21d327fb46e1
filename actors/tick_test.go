package actors_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// TestEvery_doesNotOverlapItself has ticks that run on for long after their time limit,
// at which they were answered.
func TestEvery_doesNotOverlapItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, peak, done atomic.Int64
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Timeout: 2 * time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.Every(time.Second, func(context.Context) error {
				peak.Store(max(peak.Load(), running.Add(1)))
				time.Sleep(20 * time.Second)
				running.Add(-1)
				done.Add(1)
				return nil
			})
			return nil
		}})
		time.Sleep(65 * time.Second)
		if peak.Load() != 1 || done.Load() != 3 {
			t.Errorf("%d ticks ran at once, and %d are done; want one at a time, and 3 in a minute", peak.Load(), done.Load())
		}
		if s := srv.Cogs()[0]; s.Restarts != 0 || s.InFlight != 1 {
			t.Errorf("Cogs()[0] = %+v; want the one tick in flight, and no failure", s)
		}
		_ = srv.Close()
		time.Sleep(20 * time.Second) // a bubble waits for no tick that is left behind
	})
}

// TestEvery_reloadWaitsForTheTick reloads in the midst of a tick, with kept values and
// without. The tick is a call, and ends like one.
func TestEvery_reloadWaitsForTheTick(t *testing.T) {
	for _, keep := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var cut, done atomic.Int64
			srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
				if keep {
					cogs.Keep(r, "n", new(int))
				}
				r.Every(time.Second, func(ctx context.Context) error {
					select {
					case <-ctx.Done():
						cut.Add(1)
					case <-time.After(500 * time.Millisecond):
						done.Add(1)
					}
					return nil
				})
				return nil
			}})
			time.Sleep(1200 * time.Millisecond)
			began := time.Now()
			if _, err := srv.Reload(t.Context(), "c", nil); err != nil || time.Since(began) != 300*time.Millisecond {
				t.Errorf("Reload = %v after %v; want nil after the 300 ms that the tick has left", err, time.Since(began))
			}
			if cut.Load() != 0 || done.Load() != 1 {
				t.Errorf("%d ticks were cut off and %d are done; want the one done", cut.Load(), done.Load())
			}
			time.Sleep(5 * time.Second)
			if got := done.Load(); got < 5 {
				t.Errorf("%d ticks are done; want those of the new instance too", got)
			}
		})
	}
}

// TestEvery_goesOnAfterATickThatWasLeftOut has ticks that the limit refuses, that give
// up in the lane of a serial cog, and that give up while a reload holds them.
func TestEvery_goesOnAfterATickThatWasLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		cog    cogs.Cog
		reload bool
	}{
		"refused":  {cog: cogs.Cog{MaxInFlight: 1}},
		"in lane":  {cog: cogs.Cog{Serial: true}},
		"reloaded": {cog: cogs.Cog{DrainTimeout: time.Minute}, reload: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var done atomic.Int64
				release := make(chan struct{})
				cog := c.cog
				cog.Name, cog.Timeout = "c", 2*time.Second
				cog.Setup = func(_ context.Context, r *cogs.Registrar) error {
					cogs.Keep(r, "n", new(int))
					cogs.Handle(r, block, func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
					r.Every(time.Second, func(context.Context) error { done.Add(1); return nil })
					return nil
				}
				srv, bot := cogtest.Start(t, cog)
				go func() { _, _ = bot.Request(t.Context(), string(block), nil) }()
				if c.reload {
					time.Sleep(500 * time.Millisecond)
					go func() { _, _ = srv.Reload(t.Context(), "c", nil) }()
				}
				time.Sleep(10 * time.Second)
				if got := done.Load(); got != 0 {
					t.Errorf("%d ticks ran beside the call that hangs; want none", got)
				}
				close(release)
				time.Sleep(10 * time.Second)
				if got := done.Load(); got < 9 {
					t.Errorf("%d ticks ran in the ten seconds after it; want one each second", got)
				}
			})
		})
	}
}
