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

// TestEvery_doesNotOverlapOverAReload reloads a cog without kept values in the
// midst of a tick that takes longer than its interval.
func TestEvery_doesNotOverlapOverAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, peak atomic.Int64
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.Every(time.Second, func(context.Context) error {
				peak.Store(max(peak.Load(), running.Add(1)))
				defer running.Add(-1)
				time.Sleep(4 * time.Second)
				return nil
			})
			return nil
		}})
		time.Sleep(1100 * time.Millisecond)
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		time.Sleep(10 * time.Second)
		if got := peak.Load(); got != 1 {
			t.Errorf("%d ticks ran at once; want one: that of the new instance overlaps the old one's", got)
		}
		_ = srv.Close()
		time.Sleep(10 * time.Second)
	})
}
