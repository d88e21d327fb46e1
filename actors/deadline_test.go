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
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// TestReload_taskAndCallTakeLong has a task that ends a moment after the drain
// deadline, and a call that goes on until it is told to end. Both have the same
// deadline, also after the wait for the task.
func TestReload_taskAndCallTakeLong(t *testing.T) {
	for _, how := range []string{"reload", "replace by one that keeps", "force", "unload", "close"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				keeps := how == "force"
				cog := cogs.Cog{Name: "c", DrainTimeout: 2 * time.Second, Timeout: 20 * time.Minute, Setup: func(_ context.Context, r *cogs.Registrar) error {
					if keeps {
						cogs.Keep(r, "n", new(int))
					}
					cogs.Handle(r, block, func(ctx context.Context, _ wire.Empty) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
					r.Go(func(ctx context.Context) error {
						<-ctx.Done()
						late := 2500 * time.Millisecond // half a second longer than it may
						if how == "close" {
							late = 900 * time.Millisecond // the call has taken the shutdown's time
						}
						time.Sleep(late)
						return nil
					})
					return nil
				}}
				shutdown := 5 * time.Second
				if how == "close" {
					shutdown = time.Millisecond // the call would take all of it
				}
				srv := newServer(t, &actors.Options{Secret: secret, ShutdownTimeout: shutdown})
				if err := srv.Load(t.Context(), cog); err != nil {
					t.Fatal(err)
				}
				bot := clientOf(t, srv)
				outcome := make(chan error, 1)
				go func() {
					ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
					defer cancel()
					_, err := client.Call(ctx, bot, block, wire.Empty{})
					outcome <- err
				}()
				synctest.Wait()
				most := 3 * time.Second // the drain, and a second
				if how == "close" {
					most += 6 * time.Second // for the clients to leave
				}
				err := timed(t, how, most, func() error {
					switch how {
					case "unload":
						return srv.Unload(t.Context(), "c")
					case "close":
						return srv.Close()
					case "replace by one that keeps":
						keeps = true
						_, err := srv.Replace(t.Context(), cog, nil)
						return err
					}
					_, err := srv.Reload(t.Context(), "c", &actors.ReloadOptions{Force: how == "force"})
					return err
				})
				if err != nil {
					t.Errorf("%s failed: %v", how, err)
				}
				synctest.Wait()
				select {
				case err := <-outcome:
					if wire.CodeOf(err) != wire.Unavailable && how != "close" {
						t.Errorf("the call of the old instance = %v; want %s", err, wire.Unavailable)
					}
				default:
					t.Error("the call of the old instance has no outcome; want one at the deadline")
				}
			})
		})
	}
}

func clientOf(t *testing.T, srv *actors.Server) *client.Client {
	t.Helper()
	bot, err := client.New("ws://bot", &client.Options{Secret: secret, DialContext: srv.DialContext})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bot.Close() })
	return bot
}

// TestCleanup_besideNothing ends a cog in every way while a task or a handler of it
// needs time, within the drain time and beyond it. No cleanup runs beside them.
func TestCleanup_besideNothing(t *testing.T) {
	for _, how := range []string{"reload", "unload", "close", "restart", "kill"} {
		for _, what := range []string{"task", "handler"} {
			for _, takes := range []time.Duration{2 * time.Second, 10500 * time.Millisecond, 20 * time.Second} {
				t.Run(fmt.Sprint(how, " ", what, " ", takes), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var runs, beside, cleaned atomic.Int64
						fail := make(tripwire)
						slow := func(ctx context.Context) {
							runs.Add(1)
							defer runs.Add(-1)
							<-ctx.Done()
							time.Sleep(takes) // as if it wrote to a database
						}
						srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", DrainTimeout: 10 * time.Second, Setup: func(ctx context.Context, r *cogs.Registrar) error {
							first := cogs.CallInfo(ctx).Generation == 1
							cogs.Handle(r, block, func(ctx context.Context, _ wire.Empty) (int, error) { slow(ctx); return 1, nil })
							r.Cleanup(func() {
								if first {
									beside.Add(runs.Load())
									cleaned.Add(1)
								}
							})
							r.Go(fail.task)
							if first && what == "task" {
								r.Go(func(ctx context.Context) error { slow(ctx); return nil })
							}
							return nil
						}})
						if what == "handler" {
							go func() { _, _ = client.Call(t.Context(), bot, block, wire.Empty{}) }()
						}
						synctest.Wait()
						_ = timed(t, how, 30*time.Second, func() error {
							switch how {
							case "reload":
								_, err := srv.Reload(t.Context(), "c", nil)
								return err
							case "unload":
								return srv.Unload(t.Context(), "c")
							case "restart":
								fail.trip(t)
							case "kill":
								mustCall(t, bot, admin.Kill, admin.CogName{Name: "c"})
							case "close":
								return srv.Close()
							}
							return nil
						})
						time.Sleep(40 * time.Second)
						if beside.Load() > 0 || cleaned.Load() != 1 {
							t.Errorf("generation 1 was cleaned up %d times, beside %d of its own; want once, beside nothing", cleaned.Load(), beside.Load())
						}
					})
				})
			}
		}
	}
}

// TestOpen_cleanupsHang has a Setup that leaves a cleanup that hangs. The Setup fails,
// is late without an error, or is late and fails.
func TestOpen_cleanupsHang(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes time.Duration
		err   error
		most  time.Duration
		want  string
	}{
		{"fails", 0, errors.New("no database"), 5 * time.Second, "no database"},
		{"late", 30500 * time.Millisecond, nil, 36 * time.Second, "did not end in time"},
		{"late and fails", 30500 * time.Millisecond, errors.New("no database"), 36 * time.Second, "no database"},
		{"left behind", 40 * time.Second, nil, 31 * time.Second, "did not end in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				defer close(stop)
				var began atomic.Bool
				srv := newServer(t, nil)
				setup := func(_ context.Context, r *cogs.Registrar) error {
					r.Cleanup(func() { began.Store(true); <-stop })
					time.Sleep(c.takes)
					return c.err
				}
				load := func() error { return srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: setup}) }
				for range 2 { // the first load must not make the second one fail
					if err := timed(t, "Load", c.most, load); err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("Load = %v; want %q", err, c.want)
					}
				}
				time.Sleep(time.Minute)
				if !began.Load() {
					t.Error("the cleanup did not run; want it to when Setup has returned")
				}
			})
		})
	}
}
