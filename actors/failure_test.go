package actors_test

import (
	"context"
	"errors"
	"runtime"
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
	"github.com/cogbus/cogbus/wire/protocol"
)

// faulty returns a cog with a route for each way of failing.
func faulty() cogs.Cog {
	return cogs.Cog{Name: "faulty", Setup: func(_ context.Context, r *cogs.Registrar) error {
		type in = wire.Empty
		cogs.Handle(r, "own", func(context.Context, in) (int, error) {
			return 0, &wire.Error{Code: "no_money", Message: "3 coins short", RetryAfter: time.Minute}
		})
		cogs.Handle(r, "other", func(context.Context, in) (int, error) { return 0, errors.New("password hunter2") })
		cogs.Handle(r, "panic", func(context.Context, in) (int, error) { panic("boom") })
		cogs.Handle(r, "goexit", func(context.Context, in) (int, error) { runtime.Goexit(); return 0, nil })
		cogs.Handle(r, "channel", func(context.Context, in) (any, error) { return make(chan int), nil })
		cogs.Handle(r, "big", func(context.Context, in) (string, error) { return strings.Repeat("x", protocol.MaxMessage), nil })
		cogs.Handle(r, "fine", func(context.Context, in) (string, error) { return "fine", nil })
		return nil
	}}
}

func TestCall_failures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, bot := cogtest.Start(t, faulty())
		for _, c := range []struct {
			endpoint string
			code     wire.Code
			text     string
		}{
			{"own", "no_money", "3 coins short"},
			{"other", wire.Internal, "log"},
			{"panic", wire.Internal, "log"},
			{"goexit", wire.Internal, "log"},
			{"channel", wire.Internal, "JSON"},
			{"big", wire.TooLarge, "4194303"},
			{"missing", wire.NoRoute, `"missing"`},
		} {
			for range 3 {
				_, err := bot.Request(t.Context(), c.endpoint, nil)
				if got := wire.CodeOf(err); got != c.code || !strings.Contains(err.Error(), c.text) {
					t.Errorf("Request(%s) failed with %v; want %s about %q", c.endpoint, err, c.code, c.text)
				}
				if err != nil && strings.Contains(err.Error(), "hunter2") {
					t.Errorf("Request(%s) told the caller %q; that is for the log", c.endpoint, err)
				}
				if got := mustCall[wire.Empty, string](t, bot, "fine", wire.Empty{}); got != "fine" {
					t.Errorf("call after %s = %q; want fine", c.endpoint, got)
				}
			}
		}
		_, err := bot.Request(t.Context(), "own", nil)
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.RetryAfter != time.Minute {
			t.Errorf("Request(own) = %v; want it to say when to try again", err)
		}
	})
}

// TestCall_quickRoutesFailToo makes a route quick first, so that its failures
// happen on the goroutine that reads the connection.
func TestCall_quickRoutesFailToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var how atomic.Value
		how.Store(func() {})
		_, bot := cogtest.Start(t, cogs.Single("f", func(context.Context, wire.Empty) (int, error) {
			how.Load().(func())()
			return 1, nil
		}))
		warm := func() {
			how.Store(func() {})
			for range 100 {
				mustCall[wire.Empty, int](t, bot, "f", wire.Empty{})
			}
		}
		warm()
		for range 3 {
			for _, f := range []func(){func() { panic("boom") }, runtime.Goexit} {
				how.Store(f)
				if _, err := client.Call[wire.Empty, int](t.Context(), bot, "f", wire.Empty{}); wire.CodeOf(err) != wire.Internal {
					t.Errorf("Call = %v; want %s", err, wire.Internal)
				}
				how.Store(func() {})
				if got := mustCall[wire.Empty, int](t, bot, "f", wire.Empty{}); got != 1 {
					t.Errorf("Call = %d; want 1", got)
				}
			}
		}
		warm()
		// a quick route that hangs once delays its connection for 2 ms
		hang := make(chan struct{})
		how.Store(func() { <-hang })
		go func() { _, _ = client.Call[wire.Empty, int](t.Context(), bot, "f", wire.Empty{}) }()
		time.Sleep(100 * time.Microsecond)
		how.Store(func() {})
		began := time.Now()
		mustCall[wire.Empty, int](t, bot, "f", wire.Empty{})
		if took := time.Since(began); took > 3*time.Millisecond {
			t.Errorf("a call beside a hanging one took %v; want at most two patrols of the watchdog", took)
		}
		close(hang)
	})
}

func TestCall_timeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int64
		release := make(chan struct{})
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "slow", Timeout: time.Second, MaxInFlight: 3, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "polite", func(ctx context.Context, _ wire.Empty) (int, error) {
				<-ctx.Done()
				ended.Add(1)
				return 0, ctx.Err()
			})
			cogs.Handle(r, "wedged", func(context.Context, wire.Empty) (int, error) { <-release; return 0, nil })
			cogs.Handle(r, "fine", func(context.Context, wire.Empty) (int, error) { return 1, nil })
			return nil
		}})
		began := time.Now()
		_, err := bot.Request(t.Context(), "polite", nil)
		if wire.CodeOf(err) != wire.Timeout || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("Request(polite) = %v after %v; want %s after the cog's second", err, time.Since(began), wire.Timeout)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := bot.Request(ctx, "polite", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Request(polite) = %v; want the caller's deadline", err)
		}
		synctest.Wait()
		if got := ended.Load(); got != 2 {
			t.Errorf("%d contexts ended; want 2", got)
		}
		// handlers that hang keep their places, and nothing else
		for range 3 {
			if _, err := bot.Request(t.Context(), "wedged", nil); wire.CodeOf(err) != wire.Timeout {
				t.Errorf("Request(wedged) = %v; want %s", err, wire.Timeout)
			}
		}
		if s := srv.Cogs()[0]; s.InFlight != 3 {
			t.Errorf("%d calls in flight; want the 3 that hang", s.InFlight)
		}
		_, err = bot.Request(t.Context(), "fine", nil)
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != wire.Overloaded || e.RetryAfter <= 0 {
			t.Errorf("Request(fine) = %v; want %s with a time to come back", err, wire.Overloaded)
		}
		close(release)
		synctest.Wait()
		if got := mustCall[wire.Empty, int](t, bot, "fine", wire.Empty{}); got != 1 {
			t.Errorf("Call(fine) = %d; want 1 once the slots are free", got)
		}
	})
}

func TestLoad_triesEveryCog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t)
		var cleaned []string
		echo := func(name string) func(_ context.Context, r *cogs.Registrar) error {
			return func(_ context.Context, r *cogs.Registrar) error {
				r.Cleanup(func() { cleaned = append(cleaned, name+" first") })
				r.Cleanup(func() { cleaned = append(cleaned, name+" last") })
				cogs.Handle(r, "echo", func(context.Context, string) (string, error) { return name, nil })
				return nil
			}
		}
		err := srv.Load(t.Context(),
			cogs.Cog{Name: "bad", Setup: func(context.Context, *cogs.Registrar) error { return errors.New("no database") }},
			cogs.Cog{Name: "good", Setup: echo("good")},
			cogs.Cog{Name: "thief", Setup: echo("thief")},
			cogs.Cog{Name: "good", Setup: echo("again")},
			cogs.Cog{Name: "nameless route", Setup: func(_ context.Context, r *cogs.Registrar) error {
				cogs.Handle(r, "", func(context.Context, string) (string, error) { return "", nil })
				return nil
			}},
			cogs.Cog{Name: "last", Setup: func(context.Context, *cogs.Registrar) error { return nil }},
		)
		for _, want := range []string{"no database", `cogs "good" and "thief" both have "echo"`, "load good: cog is loaded already", "without a name"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Load = %v; want it to say %q", err, want)
			}
		}
		if !errors.Is(err, actors.ErrRouteTaken) || !errors.Is(err, actors.ErrLoaded) {
			t.Errorf("Load = %v; want ErrRouteTaken and ErrLoaded in it", err)
		}
		if want := "thief last,thief first"; strings.Join(cleaned, ",") != want {
			t.Errorf("cleanups = %v; want %s", cleaned, want)
		}
		if got := mustCall[string, string](t, bot, "echo", ""); got != "good" {
			t.Errorf("echo is served by %q; want good", got)
		}
		if list := srv.Cogs(); len(list) != 2 || list[0].Name != "good" || list[1].Name != "last" {
			t.Errorf("Cogs() = %+v; want good and last", list)
		}
		if err := srv.Unload(t.Context(), "good"); err != nil {
			t.Errorf("Unload failed: %v", err)
		}
		if _, err := bot.Request(t.Context(), "echo", ""); wire.CodeOf(err) != wire.NoRoute {
			t.Errorf("Request(echo) after Unload = %v; want %s", err, wire.NoRoute)
		}
		if err := srv.Load(t.Context(), cogs.Cog{Name: "thief", Setup: echo("thief")}); err != nil {
			t.Errorf("Load of a route that is free now failed: %v", err)
		}
	})
}

func TestUnload_order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var log []string
		say := func(s string) { mu.Lock(); defer mu.Unlock(); log = append(log, s) }
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.Cleanup(func() { say("cleanup 1") })
			r.Cleanup(func() { panic("cleanup 2") })
			r.Cleanup(func() { say("cleanup 3") })
			r.Go(func(ctx context.Context) error { <-ctx.Done(); say("task"); return nil })
			cogs.Handle(r, "slow", func(ctx context.Context, _ wire.Empty) (int, error) {
				time.Sleep(time.Second)
				say("call")
				return 1, ctx.Err()
			})
			return nil
		}})
		answered := make(chan error, 1)
		go func() {
			_, err := bot.Request(t.Context(), "slow", nil)
			answered <- err
		}()
		time.Sleep(time.Millisecond)
		if err := srv.Unload(t.Context(), "c"); err != nil {
			t.Errorf("Unload failed: %v", err)
		}
		if got, want := strings.Join(log, ","), "task,call,cleanup 3,cleanup 1"; got != want {
			t.Errorf("unload went %s; want %s", got, want)
		}
		if err := <-answered; err != nil {
			t.Errorf("the call that was running failed: %v", err)
		}
	})
}

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
