package actors_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// TestCall_withAnEndedContext calls from a handler with contexts that have ended: the
// route does not run.
func TestCall_withAnEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		_, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, one, func(context.Context, wire.Empty) (int, error) { runs.Add(1); return 1, nil })
			cogs.Handle(r, "codes", func(ctx context.Context, _ wire.Empty) (codes [2]wire.Code, _ error) {
				canceled, cancel := context.WithCancel(ctx)
				cancel()
				_, err := cogs.Call(canceled, one, wire.Empty{})
				codes[0] = wire.CodeOf(err)
				late, cancel := context.WithDeadline(ctx, time.Now())
				defer cancel()
				_, err = cogs.Call(late, one, wire.Empty{})
				codes[1] = wire.CodeOf(err)
				return codes, nil
			})
			return nil
		}})
		got := mustCall(t, bot, wire.Route[wire.Empty, [2]wire.Code]("codes"), wire.Empty{})
		if want := [2]wire.Code{wire.Canceled, wire.Timeout}; got != want || runs.Load() != 0 {
			t.Errorf("Call with ended contexts = %v, and the route ran %d times; want %v, and never", got, runs.Load(), want)
		}
	})
}

// TestReload_heldCallsPassMaxWaiting holds more calls of a serial route than may wait
// for their turn. None is lost, since all were let in before.
func TestReload_heldCallsPassMaxWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const work wire.Route[wire.Empty, int] = "work"
		for name, o := range map[string]cogs.RouteOptions[wire.Empty]{
			"serial": {Serial: true, MaxWaiting: 2},
			"keyed":  {Key: func(wire.Empty) string { return "" }, MaxWaiting: 2},
		} {
			srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
				n := 0
				cogs.Keep(r, "n", &n)
				cogs.HandleWith(r, work, o, func(context.Context, wire.Empty) (int, error) {
					time.Sleep(100 * time.Millisecond)
					return 1, nil
				})
				return nil
			}})
			outcomes := make(chan error, 20)
			call := func() { _, err := client.Call(t.Context(), bot, work, wire.Empty{}); outcomes <- err }
			go call()
			synctest.Wait()
			reloaded := make(chan error, 1)
			go func() { _, err := srv.Reload(t.Context(), "c", nil); reloaded <- err }()
			synctest.Wait()
			for range 19 {
				go call()
			}
			if err := <-reloaded; err != nil {
				t.Errorf("%s: Reload = %v", name, err)
			}
			for range 20 {
				if err := <-outcomes; err != nil {
					t.Errorf("%s: a call = %v; want a result", name, err)
				}
			}
			_ = srv.Close()
		}
	})
}
