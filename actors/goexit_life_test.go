package actors_test

import (
	"context"
	"fmt"
	"runtime"
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

// TestGoexit_inTheLifeOfACog calls runtime.Goexit, as t.FailNow does, in each function
// that makes, hands over or ends a cog. It counts as a panic. The server does not wait
// for the goroutine that is gone, and does the rest of its work.
func TestGoexit_inTheLifeOfACog(t *testing.T) {
	for _, c := range []struct {
		where string
		fails string // in the error of a reload; empty if it passes
		note  string // in its note
	}{
		{where: "setup", fails: "runtime.Goexit"},
		{where: "save", fails: `save "n": panic: runtime.Goexit`},
		{where: "restore", fails: `restore "n": panic: runtime.Goexit`},
		{where: "cleanup", note: "runtime.Goexit"},
	} {
		t.Run(c.where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var armed atomic.Bool
				var cleaned atomic.Int64
				leave := func(where string) {
					if where == c.where && armed.Load() {
						runtime.Goexit()
					}
				}
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					r.Cleanup(func() { cleaned.Add(1) })
					r.Cleanup(func() { leave("cleanup") })
					r.Cleanup(func() { cleaned.Add(1) })
					r.KeepFunc("n", func() ([]byte, error) { leave("save"); return []byte("1"), nil },
						func([]byte) error { leave("restore"); return nil })
					handleOne(r)
					leave("setup")
					return nil
				}})
				armed.Store(true)
				began := time.Now()
				d, err := srv.Reload(t.Context(), "c", nil)
				if c.fails == "" && err != nil || !strings.Contains(fmt.Sprint(err), c.fails) || !strings.Contains(d.Note, c.note) {
					t.Errorf("Reload = %+v, %v; want the error %q and the note %q", d, err, c.fails, c.note)
				}
				if took := time.Since(began); took > 100*time.Millisecond {
					t.Errorf("Reload took %v; want nobody to wait for what has ended", took)
				}
				if got := cleaned.Load(); got != 2 {
					t.Errorf("%d cleanups of one instance ran; want both others", got)
				}
				mustCall(t, bot, one, wire.Empty{})
			})
		})
	}
}

// TestGoexit_inATask ends the goroutine of a task, of a watch and of a tick: the cog
// restarts, and says why.
func TestGoexit_inATask(t *testing.T) {
	for _, what := range []string{"task", "watch", "tick"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(ctx context.Context, r *cogs.Registrar) error {
					leave := func(context.Context) error { time.Sleep(time.Second); runtime.Goexit(); return nil }
					switch {
					case cogs.CallInfo(ctx).Generation > 1:
					case what == "task":
						r.Go(leave)
					case what == "watch":
						(*instance.Recorder)(r).Watch(leave)
					default:
						r.Every(time.Second, leave)
					}
					handleOne(r)
					return nil
				}})
				time.Sleep(5 * time.Second)
				if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 1 || !strings.Contains(s.LastError, "runtime.Goexit") {
					t.Errorf("Cogs()[0] = %+v; want it to serve after one restart, and why", s)
				}
				mustCall(t, bot, one, wire.Empty{})
			})
		})
	}
}

// TestGoexit_inKill ends the goroutine of a function that Kill has recorded.
func TestGoexit_inKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var killed atomic.Int64
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			(*instance.Recorder)(r).Kill(func() { runtime.Goexit() })
			(*instance.Recorder)(r).Kill(func() { killed.Add(1) })
			handleOne(r)
			return nil
		}})
		mustCall(t, bot, admin.Kill, admin.CogName{Name: "c"})
		time.Sleep(500 * time.Millisecond)
		if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 1 || killed.Load() != 1 {
			t.Errorf("Cogs()[0] = %+v, and the other function ran %d times; want it to serve after one restart, and once", s, killed.Load())
		}
	})
}

// TestGoexit_ofOnError ends the goroutine of Options.OnError: the call that failed is
// answered all the same, and the next ones too.
func TestGoexit_ofOnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, &actors.Options{Secret: secret, OnError: func(actors.Failure) { runtime.Goexit() }})
		if err := srv.Load(t.Context(), faulty()); err != nil {
			t.Fatal(err)
		}
		bot := clientOf(t, srv)
		for range 3 {
			for endpoint, want := range map[string]wire.Code{"other": wire.Internal, "own": "no_money", "missing": wire.NoRoute} {
				if _, err := bot.Request(t.Context(), endpoint, nil); wire.CodeOf(err) != want {
					t.Errorf("Request(%s) = %v; want %s", endpoint, err, want)
				}
			}
		}
	})
}

// TestGoexit_ofOnReady ends the goroutine of Options.OnReady: Run closes the server
// and says why.
func TestGoexit_ofOnReady(t *testing.T) {
	srv := newServer(t, &actors.Options{Addr: "127.0.0.1:0", Discovery: "-", OnReady: func(string) { runtime.Goexit() }})
	if err := srv.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "OnReady") {
		t.Errorf("Run = %v; want an error of OnReady", err)
	}
}

// TestGoexit_ofARelay ends the goroutine of a function that passes calls on.
func TestGoexit_ofARelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			(*instance.Recorder)(r).Relay("gone", 0, func(context.Context, []byte, func([]byte, error)) { runtime.Goexit() })
			handleOne(r)
			return nil
		}})
		for range 3 {
			if _, err := client.Call[wire.Empty, int](t.Context(), bot, "gone", wire.Empty{}); wire.CodeOf(err) != wire.Internal {
				t.Errorf("Call = %v; want %s", err, wire.Internal)
			}
			mustCall(t, bot, one, wire.Empty{})
		}
	})
}

// A faultyHost fails in a given way when a cog subscribes.
type faultyHost struct{ do func() }

func (faultyHost) Call(context.Context, string, []byte) ([]byte, error) { return nil, nil }
func (h faultyHost) Subscribe(string, func([]byte)) func()              { h.do(); return func() {} }

// TestHost_subscribesBadly has a host that panics, ends its goroutine or hangs when a
// cog subscribes: the cog is loaded, and can be reloaded and unloaded.
func TestHost_subscribesBadly(t *testing.T) {
	for name, do := range map[string]func(stop chan struct{}){
		"panic":  func(chan struct{}) { panic("no gateway") },
		"goexit": func(chan struct{}) { runtime.Goexit() },
		"hang":   func(stop chan struct{}) { <-stop },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				defer close(stop)
				host := &faultyHost{func() { do(stop) }}
				srv := newServer(t, nil)
				cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					(*instance.Recorder)(r).Listen(host, "join", func([]byte) string { return "" }, func(context.Context, []byte) error { return nil })
					handleOne(r)
					return nil
				}}
				if err := timed(t, "Load", 6*time.Second, func() error { return srv.Load(t.Context(), cog) }); err != nil {
					t.Errorf("Load failed: %v", err)
				}
				if err := timed(t, "Reload", 6*time.Second, func() error { _, err := srv.Reload(t.Context(), "c", nil); return err }); err != nil {
					t.Errorf("Reload failed: %v", err)
				}
				mustCall(t, clientOf(t, srv), one, wire.Empty{})
				if err := timed(t, "Unload", 6*time.Second, func() error { return srv.Unload(t.Context(), "c") }); err != nil {
					t.Errorf("Unload failed: %v", err)
				}
			})
		})
	}
}
