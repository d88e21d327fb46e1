package actors_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// TestKey_goexitOfAHeldCall calls runtime.Goexit in the Key of a call that is released
// at the end of a reload. That must not end the reload's goroutine.
func TestKey_goexitOfAHeldCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var bad atomic.Bool
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			cogs.Handle(r, "block", func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
			cogs.HandleWith(r, "keyed", cogs.RouteOptions[wire.Empty]{Key: func(wire.Empty) string {
				if bad.Load() {
					runtime.Goexit()
				}
				return ""
			}}, func(context.Context, wire.Empty) (int, error) { return 1, nil })
			return nil
		}})
		go func() { _, _ = bot.Request(t.Context(), "block", nil) }()
		synctest.Wait()
		reloaded := make(chan error, 1)
		go func() {
			_, err := srv.Reload(t.Context(), "c", nil)
			reloaded <- err
		}()
		synctest.Wait()
		bad.Store(true)
		go func() { _, _ = bot.Request(t.Context(), "keyed", nil) }()
		synctest.Wait()
		close(release)
		select {
		case err := <-reloaded:
			if err != nil {
				t.Errorf("Reload failed: %v", err)
			}
		case <-time.After(time.Hour):
			t.Fatalf("Reload has not returned in an hour, and Cogs() = %+v", srv.Cogs())
		}
	})
}

// TestKey_goexitOfAnEvent calls runtime.Goexit in the key of a listener. That must not
// end the goroutine of the host, which has other listeners to serve.
func TestKey_goexitOfAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := source{new([]*subscriber)}
		cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			(*instance.Recorder)(r).Listen(host, "join", func([]byte) string { runtime.Goexit(); return "" }, func(context.Context, []byte) error { return nil })
			return nil
		}})
		returned := make(chan bool)
		go func() {
			ok := false
			defer func() { returned <- ok }()
			host.emit("join", 1)
			ok = true
		}()
		if !<-returned {
			t.Error("the host's goroutine ended while it delivered an event; want it to go on")
		}
	})
}
