package actors_test

import (
	"context"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
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

// TestCall_mistakesOfTheCog has handlers pass on the errors of calls that only they can
// mend. The caller is not told that its request is bad, or to come back later: it gets
// internal, and the log tells what is wrong.
func TestCall_mistakesOfTheCog(t *testing.T) {
	for name, c := range map[string]struct {
		call func(ctx context.Context) error
		logs []string
	}{
		"the response does not fit": {func(ctx context.Context) error {
			_, err := cogs.Call(ctx, wire.Route[wire.Empty, string](one), wire.Empty{})
			return err
		}, []string{string(one), "does not fit string"}},
		"the request has no form in JSON": {func(ctx context.Context) error {
			_, err := cogs.Call(ctx, wire.Route[float64, int](one), math.NaN())
			return err
		}, []string{string(one), "cannot be sent"}},
		"the context is none of the bot": {func(context.Context) error {
			_, err := cogs.Call(context.Background(), one, wire.Empty{})
			return err
		}, []string{string(one), "the context does not come from the bot"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &logbook{}
				srv := newServer(t, &actors.Options{Secret: secret, Logger: log.logger()})
				if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					handleOne(r)
					cogs.Handle(r, "outer", func(ctx context.Context, _ wire.Empty) (int, error) { return 0, c.call(ctx) })
					return nil
				}}); err != nil {
					t.Fatal(err)
				}
				if _, err := clientOf(t, srv).Request(t.Context(), "outer", nil); wire.CodeOf(err) != wire.Internal {
					t.Errorf("Call(outer) = %v; want internal", err)
				}
				for _, want := range c.logs {
					if !strings.Contains(log.String(), want) {
						t.Errorf("the log = %s; want %q in it", log, want)
					}
				}
			})
		})
	}
}
