package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

func TestReload_fromItsOwnHandler(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("keep=%v", keep), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var srv *actors.Server
				var n int
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "self", Setup: func(_ context.Context, r *cogs.Registrar) error {
					if keep {
						cogs.Keep(r, "n", &n)
					}
					cogs.Handle(r, "reload me", func(ctx context.Context, _ wire.Empty) (uint64, error) {
						d, err := srv.Reload(ctx, "self", nil)
						return d.To, err
					})
					cogs.Handle(r, "generation", func(ctx context.Context, _ wire.Empty) (uint64, error) {
						return cogs.CallInfo(ctx).Generation, nil
					})
					return nil
				}})
				if got := mustCall[wire.Empty, uint64](t, bot, "reload me", wire.Empty{}); got != 2 {
					t.Errorf("reload of itself = generation %d; want 2", got)
				}
				synctest.Wait()
				if got := mustCall[wire.Empty, uint64](t, bot, "generation", wire.Empty{}); got != 2 {
					t.Errorf("generation = %d; want 2", got)
				}
			})
		})
	}
}

// TestReload_cogsThatCallEachOther has two cogs with kept state, with handlers that
// call each other, and reloads both at the same time. Neither may wait for itself in a
// circle.
func TestReload_cogsThatCallEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type hop struct {
			Left int `json:"left"`
		}
		pingPong := func(name, other string) cogs.Cog {
			return cogs.Cog{Name: name, Setup: func(_ context.Context, r *cogs.Registrar) error {
				var n int
				cogs.Keep(r, "n", &n)
				cogs.HandleWith(r, wire.Route[hop, int](name), cogs.RouteOptions[hop]{}, func(ctx context.Context, h hop) (int, error) {
					time.Sleep(10 * time.Millisecond)
					if h.Left == 0 {
						return 0, nil
					}
					m, err := cogs.Call(ctx, wire.Route[hop, int](other), hop{h.Left - 1})
					return m + 1, err
				})
				return nil
			}}
		}
		srv, bot := cogtest.Start(t, pingPong("a", "b"), pingPong("b", "a"))
		var work sync.WaitGroup
		for i := range 20 {
			for _, name := range []wire.Route[hop, int]{"a", "b"} {
				work.Go(func() {
					time.Sleep(time.Duration(i) * 3 * time.Millisecond)
					if got := mustCall(t, bot, name, hop{Left: 10}); got != 10 {
						t.Errorf("Call(%s) = %d; want 10", name, got)
					}
				})
			}
		}
		for _, name := range []string{"a", "b"} {
			work.Go(func() {
				time.Sleep(30 * time.Millisecond)
				d, err := srv.Reload(t.Context(), name, nil)
				if err != nil || d.Paused > 1000 {
					t.Errorf("Reload(%s) = %+v, %v; want a switch without a time-out", name, d, err)
				}
			})
		}
		work.Wait()
	})
}

func TestReload_whileReloading_becomesOneMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var setups atomic.Int64
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "slow", Setup: func(context.Context, *cogs.Registrar) error {
			setups.Add(1)
			time.Sleep(time.Second)
			return nil
		}})
		var work sync.WaitGroup
		for range 10 {
			work.Go(func() {
				if _, err := srv.Reload(t.Context(), "slow", nil); err != nil {
					t.Errorf("Reload failed: %v", err)
				}
			})
		}
		work.Wait()
		if got := setups.Load(); got != 3 {
			t.Errorf("Setup ran %d times; want 3: load, the running reload, one more", got)
		}
	})
}

func TestUnload_cancelsReloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gate atomic.Bool
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "slow", Setup: func(ctx context.Context, _ *cogs.Registrar) error {
			if gate.Load() {
				<-ctx.Done()
			}
			return nil
		}})
		gate.Store(true)
		errs := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := srv.Reload(t.Context(), "slow", nil)
				errs <- err
			}()
			time.Sleep(time.Millisecond)
		}
		if err := srv.Unload(t.Context(), "slow"); err != nil {
			t.Errorf("Unload failed: %v", err)
		}
		for range 2 {
			if err := <-errs; err == nil {
				t.Error("a reload succeeded; want it cancelled by Unload")
			}
		}
		if _, err := srv.Reload(t.Context(), "slow", nil); !errors.Is(err, actors.ErrNotLoaded) {
			t.Errorf("Reload after Unload = %v; want ErrNotLoaded", err)
		}
	})
}

func TestReload_callerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(ctx context.Context, _ *cogs.Registrar) error {
			if hang.Load() {
				<-ctx.Done()
			}
			return ctx.Err()
		}})
		hang.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := srv.Reload(ctx, "c", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Reload = %v; want the caller's deadline", err)
		}
		synctest.Wait()
		if s := srv.Cogs()[0]; s.State != "serving" || s.Generation != 1 {
			t.Errorf("Cogs()[0] = %+v; want generation 1 serving: nobody waits for the reload", s)
		}
	})
}
