package actors_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
)

// TestEvery_doesNotOverlapItself has ticks that run on for long after their time
// limit, when they have been answered.
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

// TestEvery_reloadWaitsForTheTick reloads in the midst of a tick, with kept values
// and without: the tick is a call, and ends like one.
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
