package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// timed runs f and fails the test if that takes longer than most.
func timed(t *testing.T, what string, most time.Duration, f func() error) error {
	t.Helper()
	began := time.Now()
	outcome := make(chan error, 1)
	go func() { outcome <- f() }()
	select {
	case err := <-outcome:
		if took := time.Since(began); took > most {
			t.Errorf("%s took %v; want at most %v", what, took, most)
		}
		return err
	case <-time.After(time.Hour):
		t.Fatalf("%s has not returned in an hour; want it in %v", what, most)
		return nil
	}
}

// TestCleanup_hangs goes through everything that runs cleanups.
func TestCleanup_hangs(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(context.Context, *actors.Server) error
		most time.Duration
		want string // in the error
	}{
		"unload": {func(ctx context.Context, srv *actors.Server) error { return srv.Unload(ctx, "c") }, 6 * time.Second, ""},
		"close":  {func(_ context.Context, srv *actors.Server) error { return srv.Close() }, 16 * time.Second, ""},
		"reload": {func(ctx context.Context, srv *actors.Server) error {
			d, err := srv.Reload(ctx, "c", nil)
			if err == nil && (d.To != 2 || !strings.Contains(d.Note, "cleanups of generation 1")) {
				err = fmt.Errorf("Reload = %+v; want generation 2 and a note of the cleanups", d)
			}
			return err
		}, 6 * time.Second, ""},
		"route taken": {func(ctx context.Context, srv *actors.Server) error {
			_, err := srv.Replace(ctx, hangingCleanup("c", "two", nil), nil)
			return err
		}, 6 * time.Second, "both have"},
		"load of a route taken": {func(ctx context.Context, srv *actors.Server) error {
			return srv.Load(ctx, hangingCleanup("d", "two", nil))
		}, 6 * time.Second, "both have"},
		"load that fails": {func(ctx context.Context, srv *actors.Server) error {
			return srv.Load(ctx, hangingCleanup("d", "three", errors.New("no database")))
		}, 5 * time.Second, "no database"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				defer close(stop)
				ctx := context.WithValue(t.Context(), stopKey{}, (<-chan struct{})(stop))
				srv := newServer(t, nil)
				if err := srv.Load(ctx, hangingCleanup("c", "c", nil), cogs.Single("two", func(context.Context, wire.Empty) (int, error) { return 2, nil })); err != nil {
					t.Fatal(err)
				}
				err := timed(t, name, c.most, func() error { return c.do(ctx, srv) })
				if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) {
					t.Errorf("%s = %v; want %q", name, err, c.want)
				}
			})
		})
	}
}

type stopKey struct{}

// hangingCleanup returns a cog with a cleanup that waits for the channel in ctx.
func hangingCleanup(name, route string, err error) cogs.Cog {
	return cogs.Cog{Name: name, Setup: func(ctx context.Context, r *cogs.Registrar) error {
		stop, _ := ctx.Value(stopKey{}).(<-chan struct{})
		r.Cleanup(func() { <-stop })
		cogs.Handle(r, wire.Route[wire.Empty, int](route), func(context.Context, wire.Empty) (int, error) { return 1, nil })
		return err
	}}
}

// TestKeep_hangs lets functions that save or restore hang in a reload. An instance that
// is still being saved cannot serve on, so the new one starts from the previous state.
// An instance that is still being restored never serves, so the old one serves on. Held
// calls are answered, and an unload still works.
func TestKeep_hangs(t *testing.T) {
	for _, name := range []string{"save", "restore"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				defer close(stop)
				var hangs atomic.Bool
				wait := func(me string) {
					if hangs.Load() && me == name {
						<-stop
					}
				}
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					r.KeepFunc("n", func() ([]byte, error) { wait("save"); return []byte("1"), nil }, func([]byte) error { wait("restore"); return nil })
					cogs.Handle(r, "g", func(ctx context.Context, _ wire.Empty) (uint64, error) { return cogs.CallInfo(ctx).Generation, nil })
					return nil
				}})
				hangs.Store(true)
				held := make(chan uint64, 1)
				go func() {
					time.Sleep(time.Second)
					held <- mustCall[wire.Empty, uint64](t, bot, "g", wire.Empty{})
				}()
				var d admin.SwitchResult
				err := timed(t, "Reload", 6*time.Second, func() (err error) { d, err = srv.Reload(t.Context(), "c", nil); return err })
				serves := uint64(1)
				if name == "save" {
					serves = 2
					if err != nil || d.To != 2 || !strings.Contains(d.Note, "did not end in time (5s)") {
						t.Errorf("Reload = %+v, %v; want generation 2, and a note that tells of the 5 s", d, err)
					}
				} else if err == nil || !strings.Contains(err.Error(), "restore: it did not end in time (5s)") {
					t.Errorf("Reload = %v; want an error that tells of the 5 s", err)
				}
				if got := <-held; got != serves {
					t.Errorf("a call that was held = generation %d; want %d", got, serves)
				}
				began := time.Now()
				if got := mustCall[wire.Empty, uint64](t, bot, "g", wire.Empty{}); got != serves || time.Since(began) > 0 {
					t.Errorf("a call afterwards = generation %d after %v; want %d at once", got, time.Since(began), serves)
				}
				if err := timed(t, "Unload", 6*time.Second, func() error { return srv.Unload(t.Context(), "c") }); err != nil {
					t.Errorf("Unload failed: %v", err)
				}
			})
		})
	}
}

// TestReload_taskEndsLate has tasks that end after the drain, at its very end and just
// before it. The old instance serves on, and none of its tasks runs twice.
func TestReload_taskEndsLate(t *testing.T) {
	for _, late := range []time.Duration{999 * time.Millisecond, time.Second, 1001 * time.Millisecond, 5 * time.Second} {
		t.Run(late.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const tasks = 10
				var running, peak, starts atomic.Int64
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", DrainTimeout: time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
					handleOne(r)
					r.KeepFunc("n", func() ([]byte, error) { return nil, errors.New("no disk") }, func([]byte) error { return nil })
					for range tasks {
						r.Go(func(ctx context.Context) error {
							starts.Add(1)
							peak.Store(max(peak.Load(), running.Add(1)))
							defer running.Add(-1)
							<-ctx.Done()
							time.Sleep(late)
							return nil
						})
					}
					return nil
				}})
				synctest.Wait()
				for range 5 {
					if _, err := srv.Reload(t.Context(), "c", nil); err == nil {
						t.Error("Reload succeeded; want it rolled back")
					}
					mustCall(t, bot, one, wire.Empty{})
					time.Sleep(late)
				}
				if got := peak.Load(); got > tasks {
					t.Errorf("%d tasks ran at once; want at most %d, each once", got, tasks)
				}
				if running.Load() != tasks || starts.Load() <= tasks {
					t.Errorf("%d tasks run after %d starts; want %d that were started again", running.Load(), starts.Load(), tasks)
				}
				if s := srv.Cogs()[0]; s.State != "serving" || s.Generation != 1 || s.Restarts != 0 {
					t.Errorf("Cogs()[0] = %+v; want generation 1 serving", s)
				}
				_ = srv.Close()
				time.Sleep(late) // a bubble waits for no task that is left behind
			})
		})
	}
}

// TestReload_hangingHandlersLeaveTheirLanes hangs in every lane. The next instance
// waits for the lanes until the end of the drain, and not longer.
func TestReload_hangingHandlersLeaveTheirLanes(t *testing.T) {
	for _, serial := range []bool{false, true} {
		for _, how := range []string{"call", "keyed", "event", "tick", "forced", "restart"} {
			t.Run(fmt.Sprintf("%s serial=%v", how, serial), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { hangInLane(t, how, serial) })
			})
		}
	}
}

func hangInLane(t *testing.T, how string, serial bool) {
	release := make(chan struct{})
	trip := make(chan struct{})
	host := source{new([]*subscriber)}
	var running, peak, done atomic.Int64
	work := func(ctx context.Context) {
		if cogs.CallInfo(ctx).Generation == 1 {
			<-release
			return
		}
		peak.Store(max(peak.Load(), running.Add(1)))
		time.Sleep(time.Millisecond)
		running.Add(-1)
		done.Add(1)
	}
	srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Serial: serial, Setup: func(ctx context.Context, r *cogs.Registrar) error {
		serve := func(ctx context.Context, _ wire.Empty) (int, error) { work(ctx); return 1, nil }
		cogs.HandleWith(r, "call", cogs.RouteOptions[wire.Empty]{Serial: true}, serve)
		cogs.HandleWith(r, "keyed", cogs.RouteOptions[wire.Empty]{Key: func(wire.Empty) string { return "k" }}, serve)
		(*instance.Recorder)(r).Listen(host, "join", func([]byte) string { return "k" }, func(ctx context.Context, _ []byte) error { work(ctx); return nil })
		switch {
		case how == "forced":
			cogs.Keep(r, "n", new(int))
		case how == "restart":
			r.Go(func(ctx context.Context) error {
				select {
				case <-trip:
					return errors.New("gateway lost")
				case <-ctx.Done():
					return nil
				}
			})
		case how == "tick" && cogs.CallInfo(ctx).Generation == 1:
			r.Every(time.Second, func(ctx context.Context) error { work(ctx); return nil })
		}
		return nil
	}})
	begin := func() {
		switch how {
		case "event":
			host.emit("join", 1)
		case "keyed":
			go func() { _, _ = bot.Request(t.Context(), "keyed", nil) }()
		default:
			go func() { _, _ = bot.Request(t.Context(), "call", nil) }()
		}
		synctest.Wait()
	}
	if how == "tick" {
		time.Sleep(time.Second)
	} else {
		begin()
	}
	switch how {
	case "restart":
		trip <- struct{}{}
		time.Sleep(2 * time.Second) // the grace and the first try
	default:
		go func() {
			if _, err := srv.Reload(t.Context(), "c", &actors.ReloadOptions{Force: how == "forced"}); err != nil {
				t.Errorf("Reload failed: %v", err)
			}
		}()
	}
	time.Sleep(time.Millisecond)
	for range 5 {
		begin()
	}
	time.Sleep(7 * time.Second) // drain and grace
	if got := done.Load(); got != 5 {
		t.Errorf("%d of the new instance are done; want all 5: none waits for what hangs", got)
	}
	for range 5 {
		begin()
	}
	close(release) // the functions that hang end the rest
	time.Sleep(time.Second)
	if done.Load() != 10 || peak.Load() != 1 && how != "tick" {
		t.Errorf("%d are done and %d ran at once; want 10, one at a time", done.Load(), peak.Load())
	}
	if _, err := client.Call[wire.Empty, int](t.Context(), bot, "call", wire.Empty{}); err != nil {
		t.Errorf("Call = %v; want 1", err)
	}
}
