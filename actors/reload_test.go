package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

const next wire.Route[wire.Empty, int] = "next"

// counter returns a cog with a route that counts its calls, without a lock, since it is
// serial. Each call takes the time busy.
func counter(keep bool, busy time.Duration) cogs.Cog {
	return cogs.Cog{Name: "counter", Serial: true, Setup: func(_ context.Context, r *cogs.Registrar) error {
		n := 0
		cogs.Handle(r, next, func(context.Context, wire.Empty) (int, error) {
			n++
			time.Sleep(busy)
			return n, nil
		})
		if keep {
			cogs.Keep(r, "n", &n)
		}
		return nil
	}}
}

func mustCall[Req, Resp any](t *testing.T, bot *client.Client, route wire.Route[Req, Resp], req Req) Resp {
	t.Helper()
	resp, err := client.Call(t.Context(), bot, route, req)
	if err != nil {
		t.Errorf("Call(%s) failed: %v", route, err)
	}
	return resp
}

func TestReload_startsFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, counter(false, 0))
		mustCall(t, bot, next, wire.Empty{})
		if got := mustCall(t, bot, next, wire.Empty{}); got != 2 {
			t.Errorf("second call = %d; want 2", got)
		}
		d, err := srv.Reload(t.Context(), "counter", nil)
		if err != nil || d.From != 1 || d.To != 2 {
			t.Errorf("Reload = %+v, %v; want from 1 to 2", d, err)
		}
		if got := mustCall(t, bot, next, wire.Empty{}); got != 1 {
			t.Errorf("call after reload = %d; want 1", got)
		}
	})
}

func TestReload_keepsAndHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, counter(true, 100*time.Millisecond))
		var calls sync.WaitGroup
		var seen [6]atomic.Int64
		for range 5 {
			calls.Go(func() { seen[mustCall(t, bot, next, wire.Empty{})].Add(1) })
		}
		time.Sleep(50 * time.Millisecond) // one runs, four wait in the lane
		d, err := srv.Reload(t.Context(), "counter", nil)
		if err != nil {
			t.Fatalf("Reload failed: %v", err)
		}
		if d.Paused < 400 || d.Paused > 500 {
			t.Errorf("Reload paused %v ms; want the 450 ms that the calls before it take", d.Paused)
		}
		calls.Wait()
		for n := 1; n <= 5; n++ {
			if got := seen[n].Load(); got != 1 {
				t.Errorf("%d calls got %d; want 1", got, n)
			}
		}
		if got := mustCall(t, bot, next, wire.Empty{}); got != 6 {
			t.Errorf("call after reload = %d; want 6", got)
		}
	})
}

func TestReload_heldCallsRunOnTheNewInstanceInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, counter(true, time.Second))
		go mustCall(t, bot, next, wire.Empty{})
		time.Sleep(time.Millisecond)
		reloaded := make(chan admin.SwitchResult, 1)
		go func() {
			d, err := srv.Reload(t.Context(), "counter", nil)
			if err != nil {
				t.Errorf("Reload failed: %v", err)
			}
			reloaded <- d
		}()
		time.Sleep(time.Millisecond)
		var calls sync.WaitGroup
		for i := range 4 {
			calls.Go(func() {
				if got := mustCall(t, bot, next, wire.Empty{}); got != i+2 {
					t.Errorf("held call %d = %d; want %d", i, got, i+2)
				}
			})
			time.Sleep(time.Millisecond)
		}
		if d := <-reloaded; d.Held != 4 {
			t.Errorf("Reload held %d calls; want 4", d.Held)
		}
		calls.Wait()
	})
}

func TestReload_setupFails_oldServesOn(t *testing.T) {
	for name, setup := range map[string]func(context.Context, *cogs.Registrar) error{
		"error":  func(context.Context, *cogs.Registrar) error { return errors.New("no database") },
		"panic":  func(context.Context, *cogs.Registrar) error { panic("nil map") },
		"hang":   func(ctx context.Context, _ *cogs.Registrar) error { <-ctx.Done(); return nil },
		"wedged": func(context.Context, *cogs.Registrar) error { time.Sleep(time.Hour); return nil },
		"taken": func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "other", func(context.Context, string) (string, error) { return "", nil })
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var cleaned atomic.Int64
				var fail atomic.Bool
				cog := cogs.Cog{Name: "c", Setup: func(ctx context.Context, r *cogs.Registrar) error {
					r.Cleanup(func() { cleaned.Add(1) })
					if fail.Load() {
						return setup(ctx, r)
					}
					cogs.Handle(r, "c", func(context.Context, string) (string, error) { return "old", nil })
					return nil
				}}
				srv, bot := cogtest.Start(t, cog, cogs.Single("other", func(context.Context, string) (string, error) { return "", nil }))
				fail.Store(true)
				_, err := srv.Reload(t.Context(), "c", nil)
				if err == nil {
					t.Fatal("Reload succeeded; want an error")
				}
				if name == "taken" && (!errors.Is(err, actors.ErrRouteTaken) || !strings.Contains(err.Error(), `"other"`) || !strings.Contains(err.Error(), `"c"`)) {
					t.Errorf("Reload = %v; want ErrRouteTaken that names both cogs", err)
				}
				if got := mustCall[string, string](t, bot, "c", ""); got != "old" {
					t.Errorf("call after the failed reload = %q; want old", got)
				}
				if name == "wedged" {
					time.Sleep(2 * time.Hour) // its cleanups run when it returns at last
				}
				synctest.Wait()
				if got := cleaned.Load(); got != 1 {
					t.Errorf("cleanups ran %d times; want once, for the instance that failed", got)
				}
				if s := srv.Cogs()[0]; s.State != "serving" || s.Generation != 1 || s.LastError == "" {
					t.Errorf("Cogs()[0] = %+v; want generation 1 serving, with the error", s)
				}
			})
		})
	}
}

func TestReload_stateDoesNotDecode_oldServesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, counter(true, 0))
		mustCall(t, bot, next, wire.Empty{})
		changed := cogs.Cog{Name: "counter", Setup: func(_ context.Context, r *cogs.Registrar) error {
			var n struct {
				Count map[string]int `json:"count"`
			}
			cogs.Handle(r, next, func(context.Context, wire.Empty) (int, error) { return -1, nil })
			cogs.Keep(r, "n", &n)
			return nil
		}}
		_, err := srv.Replace(t.Context(), changed, nil)
		if err == nil || !strings.Contains(err.Error(), `restore "n"`) {
			t.Errorf("Replace = %v; want an error that names the kept value", err)
		}
		if got := mustCall(t, bot, next, wire.Empty{}); got != 2 {
			t.Errorf("call after the failed Replace = %d; want 2", got)
		}
		if _, err := srv.Replace(t.Context(), changed, &actors.ReloadOptions{Fresh: true}); err != nil {
			t.Errorf("Replace with Fresh failed: %v", err)
		}
		if got := mustCall(t, bot, next, wire.Empty{}); got != -1 {
			t.Errorf("call after the fresh Replace = %d; want -1", got)
		}
	})
}

// stuck returns a cog with a handler that ignores its context until release is
// closed.
func stuck(keep bool, release chan struct{}) cogs.Cog {
	return cogs.Cog{Name: "stuck", Setup: func(_ context.Context, r *cogs.Registrar) error {
		var n int
		cogs.Handle(r, "wedge", func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
		cogs.Handle(r, "ok", func(context.Context, wire.Empty) (string, error) { return "ok", nil })
		if keep {
			cogs.Keep(r, "n", &n)
		}
		return nil
	}}
}

func TestReload_handlerIgnoresItsContext(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("keep=%v", keep), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				srv, bot := cogtest.Start(t, stuck(keep, release))
				began := time.Now()
				outcome := make(chan error, 1)
				go func() {
					_, err := client.Call[wire.Empty, int](t.Context(), bot, "wedge", wire.Empty{})
					outcome <- err
				}()
				time.Sleep(time.Millisecond)
				d, err := srv.Reload(t.Context(), "stuck", nil)
				if took := time.Since(began); took < 6*time.Second || took > 6100*time.Millisecond {
					t.Errorf("Reload took %v; want drain and grace, 6 s", took)
				}
				if keep && (err == nil || !strings.Contains(err.Error(), "generation 1 serves on")) {
					t.Errorf("Reload = %+v, %v; want an error: state is never read while a handler runs", d, err)
				}
				if !keep && (err != nil || d.To != 2 || d.Note == "") {
					t.Errorf("Reload = %+v, %v; want the switch, with a note", d, err)
				}
				if got := wire.CodeOf(<-outcome); got != wire.Unavailable {
					t.Errorf("the wedged call got %q; want %q", got, wire.Unavailable)
				}
				if got := mustCall[wire.Empty, string](t, bot, "ok", wire.Empty{}); got != "ok" {
					t.Errorf("call afterwards = %q; want ok", got)
				}
				if keep {
					if d, err := srv.Reload(t.Context(), "stuck", &actors.ReloadOptions{Force: true, Drain: time.Second}); err != nil || d.To <= 1 {
						t.Errorf("forced Reload = %+v, %v; want the switch", d, err)
					}
				}
				close(release)
				synctest.Wait()
			})
		})
	}
}

// TestReload_negativeDrain is refused, as the negative limits of a cog are.
func TestReload_negativeDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error { handleOne(r); return nil }}
		srv, bot := cogtest.Start(t, cog)
		for what, f := range map[string]func(o *actors.ReloadOptions) (admin.SwitchResult, error){
			"Reload":  func(o *actors.ReloadOptions) (admin.SwitchResult, error) { return srv.Reload(t.Context(), "c", o) },
			"Replace": func(o *actors.ReloadOptions) (admin.SwitchResult, error) { return srv.Replace(t.Context(), cog, o) },
		} {
			if d, err := f(&actors.ReloadOptions{Drain: -1}); err == nil || !strings.Contains(err.Error(), "negative") {
				t.Errorf("%s with a negative Drain = %+v, %v; want an error that says so", what, d, err)
			}
		}
		if got := mustCall(t, bot, one, wire.Empty{}); got != 1 || srv.Cogs()[0].Generation != 1 {
			t.Errorf("Call(one) = %d of %+v; want 1 of generation 1", got, srv.Cogs()[0])
		}
	})
}
