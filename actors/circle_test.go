package actors_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

const (
	outer wire.Route[time.Duration, string] = "a.outer" // calls narrow after the time in its data
	inner wire.Route[wire.Empty, string]    = "a.inner"
	lane  wire.Route[time.Duration, string] = "b.lane" // calls inner after the time in its data
)

// circleCogs returns three cogs. Cog a keeps a value, so a reload holds its calls. The
// calls of cog b wait in lanes. Cog c calls a for b, which makes a circle longer.
func circleCogs(options cogs.RouteOptions[time.Duration], serialB, throughC bool) []cogs.Cog {
	ask := func(ctx context.Context) (string, error) {
		if throughC {
			return cogs.Call(ctx, wire.Route[wire.Empty, string]("c.pass"), wire.Empty{})
		}
		return cogs.Call(ctx, inner, wire.Empty{})
	}
	return []cogs.Cog{
		{Name: "a", Setup: func(_ context.Context, r *cogs.Registrar) error {
			n := 0
			cogs.Keep(r, "n", &n)
			cogs.Handle(r, outer, func(ctx context.Context, after time.Duration) (string, error) {
				time.Sleep(after)
				return cogs.Call(ctx, lane, 0)
			})
			cogs.Handle(r, inner, func(context.Context, wire.Empty) (string, error) { return "inner", nil })
			return nil
		}},
		{Name: "b", Serial: serialB, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.HandleWith(r, lane, options, func(ctx context.Context, after time.Duration) (string, error) {
				time.Sleep(after)
				return ask(ctx)
			})
			return nil
		}},
		{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, wire.Route[wire.Empty, string]("c.pass"), func(ctx context.Context, _ wire.Empty) (string, error) {
				return cogs.Call(ctx, inner, wire.Empty{})
			})
			return nil
		}},
	}
}

// TestReload_waitsForWhatWaitsForIt makes a circle. A call of b holds its lane and
// calls a, which holds calls because it is reloaded, while a call of a waits in that
// lane. In each order of these two, the reload goes on when there is nothing else to
// wait for.
func TestReload_waitsForWhatWaitsForIt(t *testing.T) {
	lanes := map[string]struct {
		options cogs.RouteOptions[time.Duration]
		serial  bool
	}{
		"serial cog":   {serial: true},
		"serial route": {options: cogs.RouteOptions[time.Duration]{Serial: true}},
		"keyed route":  {options: cogs.RouteOptions[time.Duration]{Key: func(time.Duration) string { return "" }}},
		"one at once":  {options: cogs.RouteOptions[time.Duration]{MaxInFlight: 1}},
	}
	for name, b := range lanes {
		for _, throughC := range []bool{false, true} {
			for _, laneFirst := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, through another cog %v, lane first %v", name, throughC, laneFirst), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						srv, bot := cogtest.Start(t, circleCogs(b.options, b.serial, throughC)...)
						ofB, ofA := make(chan error, 1), make(chan error, 1)
						holder, waiter := 100*time.Millisecond, 10*time.Millisecond // the times after which the two calls make theirs
						if !laneFirst {
							holder, waiter = 60*time.Millisecond, 100*time.Millisecond // the call of inner is held before the other waits
						}
						go func() { _, err := client.Call(t.Context(), bot, lane, holder); ofB <- err }()
						synctest.Wait()
						go func() { _, err := client.Call(t.Context(), bot, outer, waiter); ofA <- err }()
						time.Sleep(50 * time.Millisecond)
						began := time.Now()
						d, err := srv.Reload(t.Context(), "a", nil)
						if took := time.Since(began); err != nil || took > 300*time.Millisecond || d.Lost != 0 {
							t.Errorf("Reload = %+v, %v after %v; want it within 300 ms, and nothing lost", d, err, took)
						}
						if err := <-ofA; err != nil {
							t.Errorf("the call of a failed: %v", err)
						}
						if err := <-ofB; err != nil {
							t.Errorf("the call of b failed: %v", err)
						}
					})
				})
			}
		}
	}
}

// TestCall_byAnEndedHandler has handlers leave goroutines behind that make calls with
// their contexts. Such a call has no rights: it waits for its turn, and the serving
// generation runs it.
func TestCall_byAnEndedHandler(t *testing.T) {
	const work wire.Route[string, string] = "work"
	for name, c := range map[string]struct {
		serial  bool
		options cogs.RouteOptions[string]
	}{
		"serial cog":   {serial: true},
		"serial route": {options: cogs.RouteOptions[string]{Serial: true}},
		"keyed route":  {options: cogs.RouteOptions[string]{Key: func(string) string { return "" }}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var running, peak atomic.Int64
				var served atomic.Uint64 // the generation of the call that was left behind
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Serial: c.serial, Setup: func(_ context.Context, r *cogs.Registrar) error {
					cogs.HandleWith(r, work, c.options, func(ctx context.Context, what string) (string, error) {
						peak.Store(max(peak.Load(), running.Add(1)))
						defer running.Add(-1)
						switch what {
						case "leave behind":
							kept := context.WithoutCancel(ctx)
							go func() {
								time.Sleep(500 * time.Millisecond) // the handler has returned
								_, _ = cogs.Call(kept, work, "left behind")
							}()
						case "left behind":
							served.Store(cogs.CallInfo(ctx).Generation)
						}
						time.Sleep(100 * time.Millisecond)
						return what, nil
					})
					return nil
				}})
				done := make(chan error)
				for n := range 20 { // the lane is busy all the time
					what := "other"
					if n == 0 {
						what = "leave behind"
					}
					go func() { _, err := client.Call(t.Context(), bot, work, what); done <- err }()
					synctest.Wait()
				}
				time.Sleep(300 * time.Millisecond)
				if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
					t.Errorf("Reload = %v", err)
				}
				for range 20 {
					if err := <-done; err != nil {
						t.Errorf("a call failed: %v", err)
					}
				}
				time.Sleep(time.Second)
				if got := peak.Load(); got != 1 {
					t.Errorf("%d handlers ran at once; want 1", got)
				}
				if got := served.Load(); got != 2 {
					t.Errorf("the call of an ended handler was served by generation %d; want 2, as everybody", got)
				}
			})
		})
	}
}
