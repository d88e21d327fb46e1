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
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// TestReload_byTwoOfItsOwnHandlers lets two handlers of a cog ask for the same reload
// at once. The second reload waits for the first, which waits for both handlers.
func TestReload_byTwoOfItsOwnHandlers(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("keep=%v", keep), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var srv *actors.Server
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					time.Sleep(100 * time.Millisecond)
					if keep {
						cogs.Keep(r, "n", new(int))
					}
					cogs.Handle(r, "reload me", func(ctx context.Context, _ wire.Empty) (int, error) {
						_, err := srv.Reload(ctx, "c", nil)
						return 1, err
					})
					cogs.Handle(r, "unload me", func(ctx context.Context, _ wire.Empty) (int, error) { return 1, srv.Unload(ctx, "c") })
					return nil
				}})
				var calls sync.WaitGroup
				for range 2 {
					calls.Go(func() {
						began := time.Now()
						if mustCall[wire.Empty, int](t, bot, "reload me", wire.Empty{}); time.Since(began) > time.Second {
							t.Errorf("reload by a handler took %v; want no more than Setup", time.Since(began))
						}
					})
					time.Sleep(10 * time.Millisecond)
				}
				calls.Wait()
				time.Sleep(time.Second)
				if s := srv.Cogs()[0]; s.State != "serving" || s.Generation != 3 {
					t.Errorf("Cogs()[0] = %+v; want generation 3 serving", s)
				}
				calls.Go(func() { _, _ = bot.Request(t.Context(), "reload me", nil) }) // the unload cancels it
				time.Sleep(10 * time.Millisecond)
				calls.Go(func() { mustCall[wire.Empty, int](t, bot, "unload me", wire.Empty{}) })
				calls.Wait()
				time.Sleep(time.Second)
				if got := srv.Cogs(); len(got) != 0 {
					t.Errorf("Cogs() = %+v; want none after the unload", got)
				}
			})
		})
	}
}

// TestReload_joined lets reloads wait for a running one. They become one more reload,
// with the options of all of them.
func TestReload_joined(t *testing.T) {
	for _, freshLast := range []bool{false, true} {
		t.Run(fmt.Sprintf("last=%v", freshLast), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var newest atomic.Pointer[cogs.Registrar]
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					newest.Store(r)
					n := 0
					cogs.Keep(r, "n", &n)
					cogs.HandleWith(r, next, cogs.RouteOptions[wire.Empty]{Serial: true}, func(context.Context, wire.Empty) (int, error) { n++; return n, nil })
					cogs.Handle(r, block, func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
					time.Sleep(time.Second)
					return nil
				}})
				mustCall(t, bot, next, wire.Empty{})
				outcomes := make(chan error, 3)
				reload := func(o *actors.ReloadOptions) {
					go func() {
						_, err := srv.Reload(t.Context(), "c", o)
						outcomes <- err
					}()
					synctest.Wait()
				}
				reload(nil)
				special := []*actors.ReloadOptions{{Fresh: true}, {Force: true, Drain: 10 * time.Millisecond}}
				if freshLast {
					reload(nil)
					newest.Load().RequestReload()
					reload(special[0])
				} else {
					reload(special[0])
					newest.Load().RequestReload()
					reload(nil)
				}
				for range 3 {
					if err := <-outcomes; err != nil {
						t.Errorf("Reload failed: %v", err)
					}
				}
				if got := mustCall(t, bot, next, wire.Empty{}); got != 1 {
					t.Errorf("Call(next) = %d; want 1: one of the reloads was to start fresh", got)
				}
				if s := srv.Cogs()[0]; s.Generation != 3 {
					t.Errorf("Cogs()[0] = %+v; want generation 3: the reloads that wait are one", s)
				}

				reload(nil)
				go func() { _, _ = client.Call(t.Context(), bot, block, wire.Empty{}) }()
				reload(special[1])
				newest.Load().RequestReload()
				if err := <-outcomes; err == nil {
					t.Error("Reload succeeded; want it to fail for the handler that hangs")
				}
				if err := <-outcomes; err != nil {
					t.Errorf("Reload with Force that another joined = %v; want the switch", err)
				}
				close(release)
			})
		})
	}
}

// TestReload_fromOutsideWithALongSetup has a Setup that takes longer than calls may,
// within the limits of its cog and of the caller.
func TestReload_fromOutsideWithALongSetup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow atomic.Bool
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", SetupTimeout: 2 * time.Minute, Setup: func(ctx context.Context, _ *cogs.Registrar) error {
			if !slow.Load() {
				return nil
			}
			select {
			case <-time.After(90 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
		slow.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if d, err := client.Call(ctx, bot, admin.Reload, admin.ReloadRequest{Name: "c"}); err != nil || d.To != 2 {
			t.Errorf("Call(%s) = %+v, %v; want generation 2", admin.Reload, d, err)
		}
		if err := srv.Unload(ctx, "c"); err != nil {
			t.Fatal(err)
		}
		if d, err := client.Call(ctx, bot, admin.Load, admin.CogName{Name: "c"}); err != nil || d.To != 1 {
			t.Errorf("Call(%s) = %+v, %v; want generation 1", admin.Load, d, err)
		}
	})
}

// TestReload_callerGivesUpBeforeItBegins has a caller give up while its reload waits
// for another one. The reload is only carried out if another caller waits for it.
func TestReload_callerGivesUpBeforeItBegins(t *testing.T) {
	for _, oneStays := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var setups atomic.Int64
			srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(context.Context, *cogs.Registrar) error {
				setups.Add(1)
				time.Sleep(10 * time.Second)
				return nil
			}})
			var reloads sync.WaitGroup
			reload := func(ctx context.Context, want error) {
				reloads.Go(func() {
					if _, err := srv.Reload(ctx, "c", nil); !errors.Is(err, want) {
						t.Errorf("Reload = %v; want %v", err, want)
					}
				})
				synctest.Wait()
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			reload(t.Context(), nil)
			reload(ctx, context.DeadlineExceeded)
			want := int64(2)
			if oneStays {
				reload(t.Context(), nil)
				want++
			}
			reloads.Wait()
			time.Sleep(time.Minute)
			if got := setups.Load(); got != want {
				t.Errorf("Setup ran %d times; want %d", got, want)
			}
			if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
				t.Errorf("a later Reload failed: %v", err)
			}
		})
	}
}

// TestReload_ofACogNamedEvent reloads a cog with the name "event", under which
// listeners are called, from a listener of another cog. That is not a call of the cog
// itself.
func TestReload_ofACogNamedEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := source{new([]*subscriber)}
		var srv *actors.Server
		reloaded := make(chan admin.SwitchResult, 1)
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "event", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, block, func(context.Context, wire.Empty) (int, error) { time.Sleep(time.Second); return 1, nil })
			return nil
		}}, cogs.Cog{Name: "listener", Setup: func(_ context.Context, r *cogs.Registrar) error {
			(*instance.Recorder)(r).Listen(host, "deployed", func([]byte) string { return "" }, func(ctx context.Context, _ []byte) error {
				d, err := srv.Reload(ctx, "event", nil)
				reloaded <- d
				return err
			})
			return nil
		}})
		var call sync.WaitGroup
		call.Go(func() { mustCall(t, bot, block, wire.Empty{}) })
		synctest.Wait()
		began := time.Now()
		host.emit("deployed", 1)
		if d := <-reloaded; d.To != 2 || d.Note != "" || time.Since(began) != time.Second {
			t.Errorf("Reload = %+v after %v; want generation 2 when the call of the old one has ended", d, time.Since(began))
		}
		call.Wait()
	})
}

func TestErrors_sayWhatIsWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nothing := func(context.Context, *cogs.Registrar) error { return nil }
		srv, bot := cogtest.Start(t)
		unload := func(name string) error { return srv.Unload(t.Context(), name) }
		load := func(c cogs.Cog) error { return srv.Load(t.Context(), c) }
		want := func(what string, err, is error, texts ...string) {
			t.Helper()
			for _, text := range texts {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%s = %v; want it to say %q", what, err, text)
				}
			}
			if is != nil && !errors.Is(err, is) {
				t.Errorf("%s = %v; want %v in it", what, err, is)
			}
		}
		if err := unload("a"); !errors.Is(err, actors.ErrNotLoaded) || strings.Contains(err.Error(), "loaded:") {
			t.Errorf("Unload with nothing loaded = %v; want %v, without a list", err, actors.ErrNotLoaded)
		}
		if err := srv.Load(t.Context(), cogs.Cog{Name: "members", Setup: nothing}, cogs.Cog{Name: "music", Setup: nothing}); err != nil {
			t.Fatal(err)
		}
		want("Load without Setup", load(cogs.Cog{Name: "x"}), nil, `cog "x" has no Setup`)
		want("Load without Name", load(cogs.Cog{Setup: nothing}), nil, "a cog has no Name")
		want("Load of a reserved name", load(cogs.Cog{Name: "cogbus", Setup: nothing}), nil, "load cogbus: that name is the server's own")
		want("Unload of a misspelt name", unload("musik"), actors.ErrNotLoaded, "unload musik", `loaded: "members", "music"`)
		_, err := srv.Reload(t.Context(), "musik", nil)
		want("Reload of a misspelt name", err, actors.ErrNotLoaded, "reload musik", `loaded: "members", "music"`)
		_, err = client.Call(t.Context(), bot, admin.Load, admin.CogName{Name: "musik"})
		want("a load of a misspelt name", err, nil, `cog is not loaded, and never was; loaded: "members", "music"`)
		want("a Setup that takes too long", load(cogs.Cog{Name: "slow", SetupTimeout: time.Second, Setup: func(ctx context.Context, _ *cogs.Registrar) error {
			<-ctx.Done()
			return fmt.Errorf("connect to db.example.org: %w", ctx.Err())
		}}), context.DeadlineExceeded, "load slow", "did not end in time", "connect to db.example.org")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		want("a Setup that is given up", srv.Load(ctx, cogs.Cog{Name: "slow", Setup: func(ctx context.Context, _ *cogs.Registrar) error {
			<-ctx.Done()
			return ctx.Err()
		}}), context.Canceled, "load slow")
	})
}
