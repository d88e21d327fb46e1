package actors_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

func TestTask_failureRestartsTheCog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type task = func(context.Context) error
		for name, fail := range map[string]task{
			"error": func(context.Context) error { return errors.New("gateway lost") },
			"panic": func(context.Context) error { panic("nil map") },
		} {
			for _, every := range []bool{false, true} {
				trip := make(chan struct{}, 1)
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					run := func(ctx context.Context) error {
						select {
						case <-trip:
							return fail(ctx)
						case <-ctx.Done():
							return nil
						}
					}
					if every {
						r.Every(time.Second, func(ctx context.Context) error {
							select {
							case <-trip:
								return fail(ctx)
							default:
								return nil
							}
						})
					} else {
						r.Go(run)
					}
					cogs.Handle(r, "g", func(ctx context.Context, _ wire.Empty) (uint64, error) { return cogs.CallInfo(ctx).Generation, nil })
					cogs.Handle(r, "wait", func(ctx context.Context, _ wire.Empty) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
					return nil
				}}, cogs.Single("neighbour", func(context.Context, wire.Empty) (string, error) { return "well", nil }))
				inside := make(chan error, 1)
				go func() {
					_, err := bot.Request(t.Context(), "wait", nil)
					inside <- err
				}()
				time.Sleep(time.Millisecond)
				trip <- struct{}{}
				if got := wire.CodeOf(<-inside); got != wire.Interrupted {
					t.Errorf("%s: the call inside got %q; want %q", name, got, wire.Interrupted)
				}
				_, err := bot.Request(t.Context(), "g", nil)
				if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != wire.Unavailable || e.RetryAfter <= 0 {
					t.Errorf("%s: a call meanwhile = %v; want %s with the time of the next try", name, err, wire.Unavailable)
				}
				synctest.Wait()
				if s := srv.Cogs()[0]; s.State != "restarting" || s.NextTry.IsZero() {
					t.Errorf("%s: Cogs()[0] = %+v; want restarting, with the next try", name, s)
				}
				if got := mustCall[wire.Empty, string](t, bot, "neighbour", wire.Empty{}); got != "well" {
					t.Errorf("the neighbour = %q; want well", got)
				}
				time.Sleep(200 * time.Millisecond)
				if got := mustCall[wire.Empty, uint64](t, bot, "g", wire.Empty{}); got != 2 {
					t.Errorf("%s: generation %d serves; want 2", name, got)
				}
				if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 1 || s.LastError == "" {
					t.Errorf("%s: Cogs()[0] = %+v; want serving after one restart", name, s)
				}
			}
		}
	})
}

func TestTask_failsAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		var starts atomic.Int64
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.Go(func(context.Context) error {
				if starts.Add(1); well.Load() {
					return nil
				}
				return errors.New("no luck")
			})
			cogs.Handle(r, "f", func(context.Context, wire.Empty) (int, error) { return 1, nil })
			return nil
		}})
		time.Sleep(5 * time.Minute)
		if s := srv.Cogs()[0]; s.State != "failed" {
			t.Errorf("Cogs()[0] = %+v; want failed", s)
		}
		if got := starts.Load(); got != 8 {
			t.Errorf("the task was started %d times; want 8 failures in a row", got)
		}
		if _, err := bot.Request(t.Context(), "f", nil); wire.CodeOf(err) != wire.Unavailable {
			t.Errorf("Request(f) = %v; want %s", err, wire.Unavailable)
		}
		well.Store(true)
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
			t.Errorf("Reload of a failed cog = %v; want it revived", err)
		}
		if got := mustCall[wire.Empty, int](t, bot, "f", wire.Empty{}); got != 1 {
			t.Errorf("Call(f) = %d; want 1", got)
		}
	})
}

func TestRestart_reloadAndUnloadMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			if !well.Load() {
				r.Go(func(context.Context) error { return errors.New("no luck") })
			}
			return nil
		}}
		srv, _ := cogtest.Start(t, cog)
		time.Sleep(10 * time.Second)
		well.Store(true)
		began := time.Now()
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil || time.Since(began) > time.Second {
			t.Errorf("Reload during a restart = %v after %v; want it to revive the cog at once", err, time.Since(began))
		}
		well.Store(false)
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if err := srv.Unload(t.Context(), "c"); err != nil {
			t.Errorf("Unload during a restart failed: %v", err)
		}
		if got := srv.Cogs(); len(got) != 0 {
			t.Errorf("Cogs() = %v; want none", got)
		}
	})
}
