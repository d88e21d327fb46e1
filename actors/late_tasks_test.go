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

// TestReload_taskEndsLate_reloadedAgain reloads a second time while the task that did
// not end in the first reload still runs. The task must not be started a second time,
// and the kept values must not be saved while it runs.
func TestReload_taskEndsLate_reloadedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, peak, saved atomic.Int64
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", DrainTimeout: time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.KeepFunc("n", func() ([]byte, error) { saved.Store(max(saved.Load(), running.Load())); return []byte("1"), nil }, func([]byte) error { return nil })
			r.Go(func(ctx context.Context) error {
				peak.Store(max(peak.Load(), running.Add(1)))
				defer running.Add(-1)
				<-ctx.Done()
				time.Sleep(5 * time.Second)
				return nil
			})
			return nil
		}})
		synctest.Wait()
		for range 2 {
			d, err := srv.Reload(t.Context(), "c", nil)
			if err == nil {
				t.Errorf("Reload = %+v; want an error: a task does not end", d)
			}
		}
		time.Sleep(10 * time.Second)
		if got := peak.Load(); got != 1 {
			t.Errorf("the task ran %d times at once; want 1", got)
		}
		if got := saved.Load(); got != 0 {
			t.Errorf("Save ran beside %d tasks; want none", got)
		}
		_ = srv.Close()
		time.Sleep(10 * time.Second)
	})
}
