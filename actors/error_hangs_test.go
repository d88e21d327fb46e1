package actors_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
	"github.com/cogbus/cogbus/wire/protocol"
)

// Errors, and a value for panic, with methods that do not return.
type (
	endlessText   struct{ stop chan struct{} }
	endlessUnwrap struct{ stop chan struct{} }
	endlessName   struct{ stop chan struct{} }
	endlessValue  struct{ stop chan struct{} }
	leavingText   struct{}
	leavingUnwrap struct{}
	unwrapsToSelf struct{}
)

func (e *endlessText) Error() string     { <-e.stop; return "" }
func (e *endlessUnwrap) Error() string   { return "endless" }
func (e *endlessUnwrap) Unwrap() error   { <-e.stop; return nil }
func (e *endlessName) Error() string     { return "endless" }
func (e *endlessName) TypeName() string  { <-e.stop; return "" }
func (e *endlessValue) String() string   { <-e.stop; return "" }
func (leavingText) Error() string        { runtime.Goexit(); return "" }
func (leavingUnwrap) Error() string      { return "leaving" }
func (leavingUnwrap) Unwrap() error      { runtime.Goexit(); return nil }
func (e *unwrapsToSelf) Error() string   { return "a circle" }
func (e *unwrapsToSelf) Unwrap() []error { return []error{e, e} }

// eachHangingError runs a test, in its own bubble, for each way to fail with such an error
// or value. A goroutine that asks for its text, or walks its tree, may hang or end.
func eachHangingError(t *testing.T, f func(t *testing.T, fail func() error)) {
	for name, of := range map[string]func(stop chan struct{}) error{
		"Error hangs":                   func(stop chan struct{}) error { return &endlessText{stop} },
		"wrapped, Error hangs":          func(stop chan struct{}) error { return errors.Join(&endlessText{stop}) },
		"Unwrap hangs":                  func(stop chan struct{}) error { return &endlessUnwrap{stop} },
		"TypeName hangs":                func(stop chan struct{}) error { return &endlessName{stop} },
		"Error calls Goexit":            func(chan struct{}) error { return leavingText{} },
		"Unwrap calls Goexit":           func(chan struct{}) error { return leavingUnwrap{} },
		"it unwraps to itself":          func(chan struct{}) error { return &unwrapsToSelf{} },
		"it panics with a value":        func(stop chan struct{}) error { panic(&endlessValue{stop}) },
		"it panics with an error":       func(stop chan struct{}) error { panic(&endlessText{stop}) },
		"it panics with a Goexit":       func(chan struct{}) error { panic(leavingText{}) },
		"it returns a panic of a value": func(stop chan struct{}) error { return &cogs.Panic{Value: &endlessValue{stop}} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				t.Cleanup(func() { close(stop) })
				f(t, func() error { return of(stop) })
			})
		})
	}
}

// wantOutcomes calls a route twice in each dialect, with a deadline if the dialect has
// deadlines. In between it calls a quick route on the same connection.
func wantOutcomes(t *testing.T, srv *actors.Server, endpoint string) {
	t.Helper()
	v1, ipcx := known(t, srv, protocol.Subprotocol), known(t, srv, "ipcx")
	for range 2 {
		began := time.Now()
		v1.say(fmt.Sprintf(`{"id":1,"call":%q,"ms":300}`, endpoint))
		v1.say(`{"id":2,"call":"one","ms":200}`)
		got := v1.answer() + v1.answer()
		if took := time.Since(began); took > 300*time.Millisecond || !strings.Contains(got, `{"id":1,"err":`) || !strings.Contains(got, `{"id":2,"ok":1}`) {
			t.Errorf("Call(%s) and Call(one) = %s after %v; want an error, and 1, by the deadlines", endpoint, got, took)
		}
		if got := ipcx.ask(envelope(endpoint, "{}")); !strings.HasSuffix(got, `"code": 500}`) {
			t.Errorf("%s by ipcx = %s; want the code 500", endpoint, got)
		}
	}
	time.Sleep(5 * time.Second)
	for _, s := range srv.Cogs() {
		if s.InFlight != 0 {
			t.Errorf("%d calls of %s are in flight; want 0", s.InFlight, s.Name)
		}
	}
}

func TestHandler_failsWithWhatHangs(t *testing.T) {
	eachHangingError(t, func(t *testing.T, fail func() error) {
		srv := newServer(t, &actors.Options{Secret: secret, OnError: func(f actors.Failure) { _ = f.Err.Error() }})
		if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			cogs.Handle(r, "bad", func(context.Context, wire.Empty) (int, error) { return 0, fail() })
			cogs.HandleWith(r, "key", cogs.RouteOptions[wire.Empty]{Key: func(wire.Empty) string { panic(fail()) }},
				func(context.Context, wire.Empty) (int, error) { return 1, nil })
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		wantOutcomes(t, srv, "bad")
		wantOutcomes(t, srv, "key")
	})
}

// TestRelay_failsWithWhatHangs has a relay pass such an error as the outcome of a call: at
// once, before the relay returns, and from a goroutine of its own.
func TestRelay_failsWithWhatHangs(t *testing.T) {
	eachHangingError(t, func(t *testing.T, fail func() error) {
		srv := newServer(t, &actors.Options{Secret: secret, OnError: func(f actors.Failure) { _ = f.Err.Error() }})
		if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			(*instance.Recorder)(r).Relay("now", 0, func(_ context.Context, _ []byte, done func([]byte, error)) { done(nil, fail()) })
			(*instance.Recorder)(r).Relay("later", 0, func(_ context.Context, _ []byte, done func([]byte, error)) {
				err := errors.New("it has panicked")
				func() {
					defer func() { _ = recover() }()
					err = fail()
				}()
				go done(nil, errors.Join(err, errors.New("far away")))
			})
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		wantOutcomes(t, srv, "now")
		wantOutcomes(t, srv, "later")
	})
}

// TestRelay_failsWithABadError has a relay pass an error with a method that panics, from a
// goroutine of its own. No code of cogbus recovers there, so a panic would end the bot.
func TestRelay_failsWithABadError(t *testing.T) {
	eachBadError(t, func(t *testing.T, bad error) {
		srv := newServer(t, nil)
		if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			(*instance.Recorder)(r).Relay("later", 0, func(_ context.Context, _ []byte, done func([]byte, error)) { go done(nil, bad) })
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		wantOutcomes(t, srv, "later")
	})
}

func TestSetup_failsWithWhatHangs(t *testing.T) {
	eachHangingError(t, func(t *testing.T, fail func() error) {
		srv, _ := cogtest.Start(t)
		var fails atomic.Bool
		fails.Store(true)
		cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			if fails.Load() {
				return fail()
			}
			return nil
		}}
		if err := timed(t, "Load", 3*time.Second, func() error { return srv.Load(t.Context(), cog) }); err == nil {
			t.Error("Load = nil; want the error of Setup")
		}
		fails.Store(false)
		if err := srv.Load(t.Context(), cog); err != nil {
			t.Fatal(err)
		}
		fails.Store(true)
		if err := timed(t, "Reload", 3*time.Second, func() error { _, err := srv.Reload(t.Context(), "c", nil); return err }); err == nil {
			t.Error("Reload = nil; want the error of Setup")
		}
		if s := srv.Cogs()[0]; s.State != "serving" || s.LastError == "" {
			t.Errorf("Cogs()[0] = %+v; want it to serve, with a last error", s)
		}
		timed(t, "Close", 10*time.Second, srv.Close)
	})
}

// TestKept_failsWithWhatHangs has saving, restoring and cleanups fail with such errors.
func TestKept_failsWithWhatHangs(t *testing.T) {
	eachHangingError(t, func(t *testing.T, fail func() error) {
		var at atomic.Value
		at.Store("")
		failAt := func(where string) error {
			if at.Load() == where {
				return fail()
			}
			return nil
		}
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			r.KeepFunc("n", func() ([]byte, error) { return []byte("1"), failAt("save") }, func([]byte) error { return failAt("restore") })
			r.Cleanup(func() {
				if err := failAt("cleanup"); err != nil {
					panic(err)
				}
			})
			return nil
		}})
		for _, where := range []string{"save", "restore", "cleanup"} {
			at.Store(where)
			_ = timed(t, where, 7*time.Second, func() error {
				d, err := srv.Reload(t.Context(), "c", nil)
				if (where == "cleanup") != (err == nil) || where == "cleanup" && d.Note == "" {
					t.Errorf("Reload = %+v, %v; want an error for save and restore, and a note for cleanup", d, err)
				}
				return nil
			})
			if got := mustCall(t, bot, one, wire.Empty{}); got != 1 {
				t.Errorf("Call(one) = %d; want 1", got)
			}
		}
	})
}

// TestTask_failsWithWhatHangs has each kind of task fail with such errors: the cog
// restarts.
func TestTask_failsWithWhatHangs(t *testing.T) {
	eachHangingError(t, func(t *testing.T, fail func() error) {
		for _, kind := range []string{"Go", "Watch", "Every"} {
			var starts atomic.Int64
			srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
				handleOne(r)
				if starts.Add(1) > 1 {
					return nil
				}
				task := func(context.Context) error { time.Sleep(time.Second); return fail() }
				switch kind {
				case "Go":
					r.Go(task)
				case "Watch":
					(*instance.Recorder)(r).Watch(task)
				default:
					r.Every(time.Second, task)
				}
				return nil
			}})
			time.Sleep(10 * time.Second)
			if s := srv.Cogs()[0]; s.Restarts != 1 || s.State != "serving" || s.LastError == "" {
				t.Errorf("%s: Cogs()[0] = %+v; want it to serve after one restart", kind, s)
			}
			if got := mustCall(t, bot, one, wire.Empty{}); got != 1 {
				t.Errorf("%s: Call(one) = %d; want 1", kind, got)
			}
			if _, err := bot.Request(t.Context(), string(admin.Cogs), nil); err != nil {
				t.Errorf("%s: Call(cogbus.cogs) = %v; want no error", kind, err)
			}
		}
	})
}

// TestTask_saysWhatHangs checks that the operator sees the type of an error whose text
// cannot be had.
func TestTask_saysWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		defer close(stop)
		var starts atomic.Int64
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			switch starts.Add(1) {
			case 1:
				r.Go(func(context.Context) error { return &endlessText{stop} })
			case 2:
				r.Go(func(context.Context) error { panic(&endlessValue{stop}) })
			}
			return nil
		}})
		time.Sleep(1050 * time.Millisecond)
		if got, want := srv.Cogs()[0].LastError, "task: an error whose text hangs: it is a *actors_test.endlessText"; got != want {
			t.Errorf("LastError = %q; want %q", got, want)
		}
		time.Sleep(10 * time.Second)
		if got, want := srv.Cogs()[0].LastError, "task: panic: a *actors_test.endlessValue whose text hangs"; got != want {
			t.Errorf("LastError = %q; want %q", got, want)
		}
	})
}
