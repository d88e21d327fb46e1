package actors_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
)

// TestReload_allCallersGiveUpBeforeItBegins has two reloads that have become one,
// and both callers give up before it begins.
func TestReload_allCallersGiveUpBeforeItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var setups atomic.Int64
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(context.Context, *cogs.Registrar) error {
			setups.Add(1)
			time.Sleep(10 * time.Second)
			return nil
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var reloads sync.WaitGroup
		for i, ctx := range []context.Context{t.Context(), ctx, ctx} {
			reloads.Go(func() {
				if _, err := srv.Reload(ctx, "c", nil); i > 0 && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Reload = %v; want %v", err, context.DeadlineExceeded)
				}
			})
			synctest.Wait()
		}
		reloads.Wait()
		time.Sleep(time.Minute)
		if got := setups.Load(); got != 2 {
			t.Errorf("Setup ran %d times; want 2: nobody waits for the third", got)
		}
	})
}

// TestRequestReload_joinedByACallerWhoGivesUp requests a reload, and lets a caller's
// reload become part of it. The requested one must not be lost when the caller gives
// up.
func TestRequestReload_joinsACallerWhoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var setups atomic.Int64
		var newest atomic.Pointer[cogs.Registrar]
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			newest.Store(r)
			setups.Add(1)
			time.Sleep(10 * time.Second)
			return nil
		}})
		go func() { _, _ = srv.Reload(t.Context(), "c", nil) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _, _ = srv.Reload(ctx, "c", nil) }()
		synctest.Wait()
		newest.Load().RequestReload()
		time.Sleep(time.Minute)
		if got := setups.Load(); got != 3 {
			t.Errorf("Setup ran %d times; want 3: the last was requested", got)
		}
	})
}
