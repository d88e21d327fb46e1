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
)

const one wire.Route[wire.Empty, int] = "one"

// handleOne adds the route that returns 1.
func handleOne(r *cogs.Registrar) {
	cogs.Handle(r, one, func(context.Context, wire.Empty) (int, error) { return 1, nil })
}

// TestLoad_besideCalls loads and unloads a cog while its route is called: each
// call finds the route or does not.
func TestLoad_besideCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t)
		var stop atomic.Bool
		var work sync.WaitGroup
		for range 4 {
			work.Go(func() {
				for !stop.Load() {
					if got, err := client.Call(t.Context(), bot, one, wire.Empty{}); err != nil && wire.CodeOf(err) != wire.NoRoute {
						t.Errorf("Call(one) = %d, %v; want 1, or %s", got, err, wire.NoRoute)
					}
				}
			})
		}
		cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			for range 200 { // starting them takes a while, in which calls come
				r.Go(func(context.Context) error { return nil })
			}
			return nil
		}}
		for range 200 {
			if err := srv.Load(t.Context(), cog); err != nil {
				t.Errorf("Load failed: %v", err)
			}
			if err := srv.Unload(t.Context(), "c"); err != nil {
				t.Errorf("Unload failed: %v", err)
			}
		}
		stop.Store(true)
		work.Wait()
	})
}

// TestTask_callsItsOwnCogAtOnce has many tasks, so that some of them call before the
// first start, a reload and a restart have ended.
func TestTask_callsItsOwnCogAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tasks = 50
		var served atomic.Int64
		fail := make(chan struct{})
		srv, _ := cogtest.Start(t)
		cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			for range tasks {
				r.Go(func(ctx context.Context) error {
					if got, err := cogs.Call(ctx, one, wire.Empty{}); got != 1 || err != nil {
						t.Errorf("Call(one) by a task = %d, %v; want 1", got, err)
						return err
					}
					served.Add(1)
					return nil
				})
			}
			r.Go(func(ctx context.Context) error {
				select {
				case <-fail:
					return errors.New("gateway lost")
				case <-ctx.Done():
					return nil
				}
			})
			return nil
		}}
		for range 20 {
			served.Store(0)
			if err := srv.Load(t.Context(), cog); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
				t.Errorf("Reload failed: %v", err)
			}
			synctest.Wait()
			select {
			case fail <- struct{}{}:
			case <-time.After(time.Hour):
				t.Fatalf("no task runs in %+v", srv.Cogs())
			}
			time.Sleep(time.Second)
			if got := served.Load(); got != 3*tasks {
				t.Errorf("%d calls of tasks were served; want %d of each of 3 instances", got, tasks)
			}
			if s := srv.Cogs()[0]; s.Restarts != 1 {
				t.Errorf("Cogs()[0] = %+v; want one restart", s)
			}
			if err := srv.Unload(t.Context(), "c"); err != nil {
				t.Errorf("Unload failed: %v", err)
			}
		}
	})
}

func TestLoad_cancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := cogtest.Start(t)
		ctx, cancel := context.WithCancel(t.Context())
		var set, cleaned atomic.Int64
		cog := func(name string, setup func()) cogs.Cog {
			return cogs.Cog{Name: name, Setup: func(_ context.Context, r *cogs.Registrar) error {
				set.Add(1)
				r.Cleanup(func() { cleaned.Add(1) })
				setup()
				return nil
			}}
		}
		// it does not look at its context, and passes
		err := srv.Load(ctx, cog("meanwhile", func() { cancel(); time.Sleep(time.Millisecond) }))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Load = %v; want %v", err, context.Canceled)
		}
		for i := range 100 {
			if err := srv.Load(ctx, cog(fmt.Sprint(i), func() {})); !errors.Is(err, context.Canceled) {
				t.Errorf("Load with a context that was cancelled before = %v; want %v", err, context.Canceled)
			}
		}
		time.Sleep(time.Second)
		if got := srv.Cogs(); len(got) != 0 || set.Load() != 1 || cleaned.Load() != 1 {
			t.Errorf("Cogs() = %+v after %d Setups and %d cleanups; want none after one of each", got, set.Load(), cleaned.Load())
		}
		if err := srv.Load(t.Context(), cog("meanwhile", func() {})); err != nil {
			t.Errorf("Load of the same name = %v; want nothing left of the first", err)
		}
	})
}

// TestReload_cancelledWhileItRevives cancels the reload of a cog that has failed
// when its Setup has passed already.
func TestReload_cancelledWhileItRevives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var revive, cleaned atomic.Bool
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			r.KeepFunc("n", func() ([]byte, error) { return []byte("1"), nil }, func([]byte) error {
				if revive.Load() {
					cancel()
					time.Sleep(time.Millisecond)
				}
				return nil
			})
			r.Cleanup(func() { cleaned.Store(revive.Load()) })
			r.Every(20*time.Second, func(context.Context) error { return errors.New("no luck") })
			return nil
		}})
		time.Sleep(15 * time.Minute)
		if s := srv.Cogs()[0]; s.State != "failed" {
			t.Fatalf("Cogs()[0] = %+v; want failed", s)
		}
		revive.Store(true)
		if _, err := srv.Reload(ctx, "c", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("Reload = %v; want %v", err, context.Canceled)
		}
		time.Sleep(time.Second)
		if s := srv.Cogs()[0]; s.State != "failed" || !cleaned.Load() {
			t.Errorf("Cogs()[0] = %+v, cleanups run: %v; want it failed, with nothing left of the reload", s, cleaned.Load())
		}
		if _, err := client.Call(t.Context(), bot, one, wire.Empty{}); wire.CodeOf(err) != wire.Unavailable {
			t.Errorf("Call(one) = %v; want %s", err, wire.Unavailable)
		}
	})
}

func TestRun_afterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, &actors.Options{Addr: "127.0.0.1:0", OnReady: func(addr string) { t.Errorf("Run is ready at %s; want an error before that", addr) }})
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
		if err := srv.Run(t.Context()); !errors.Is(err, actors.ErrClosed) {
			t.Errorf("Run after Close = %v; want %v", err, actors.ErrClosed)
		}
	})
}

func TestSetup_asksForItsOwnCog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := cogtest.Start(t)
		for name, ask := range map[string]func(context.Context) error{
			"reload":  func(ctx context.Context) error { _, err := srv.Reload(ctx, "c", nil); return err },
			"replace": func(ctx context.Context) error { _, err := srv.Replace(ctx, cogs.Cog{Name: "c"}, nil); return err },
			"unload":  func(ctx context.Context) error { return srv.Unload(ctx, "c") },
		} {
			began := time.Now()
			err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(ctx context.Context, _ *cogs.Registrar) error { return ask(ctx) }})
			if err == nil || !strings.Contains(err.Error(), "its own Setup") || time.Since(began) > time.Second {
				t.Errorf("%s in its own Setup = %v after %v; want an error at once that says so", name, err, time.Since(began))
			}
		}
		other := cogs.Cog{Name: "other", Setup: func(ctx context.Context, _ *cogs.Registrar) error {
			return srv.Load(ctx, cogs.Cog{Name: "helper", Setup: func(context.Context, *cogs.Registrar) error { return nil }})
		}}
		if err := srv.Load(t.Context(), other); err != nil || len(srv.Cogs()) != 2 {
			t.Errorf("Load of a cog that loads another = %v; want both loaded", err)
		}
	})
}
