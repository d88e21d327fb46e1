package actors_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
