package actors_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A fault is an error with methods that panic on a nil pointer, like most errors.
type fault struct{ cause error }

func (f *fault) Error() string { return "fault: " + f.cause.Error() }
func (f *fault) Unwrap() error { return f.cause }

// Errors with one method that panics.
type (
	angryText   struct{}
	angryUnwrap struct{}
	angryIs     struct{}
	angryAs     struct{}
	angryName   struct{}
)

func (angryText) Error() string       { panic("Error of angryText") }
func (angryUnwrap) Error() string     { return "angry" }
func (angryUnwrap) Unwrap() error     { panic("Unwrap of angryUnwrap") }
func (angryIs) Error() string         { return "angry" }
func (angryIs) Is(error) bool         { panic("Is of angryIs") }
func (angryAs) Error() string         { return "angry" }
func (angryAs) As(any) bool           { panic("As of angryAs") }
func (angryName) Error() string       { return "angry" }
func (angryName) TypeName() string    { panic("TypeName of angryName") }
func typedNil() (e *wire.Error)       { return e }
func typedNilOfAUser() (e *fault)     { return e }
func wrapped(err error) (outer error) { return fmt.Errorf("while it worked: %w", err) }

// badErrors are errors that panic when their text is asked for, or their chain is
// walked.
var badErrors = map[string]error{
	"nil *wire.Error":         typedNil(),
	"wrapped nil *wire.Error": wrapped(typedNil()),
	"joined nil *wire.Error":  errors.Join(errors.New("first"), typedNil()),
	"nil *fault":              typedNilOfAUser(),
	"Error panics":            angryText{},
	"Unwrap panics":           angryUnwrap{},
	"Is panics":               angryIs{},
	"As panics":               angryAs{},
	"TypeName panics":         angryName{},
	"wrapped Is panics":       wrapped(angryIs{}),
}

// eachBadError runs a test for every one of badErrors in a bubble of its own.
func eachBadError(t *testing.T, f func(t *testing.T, bad error)) {
	for _, name := range slices.Sorted(maps.Keys(badErrors)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, badErrors[name]) })
		})
	}
}

func TestHandler_returnsABadError(t *testing.T) {
	eachBadError(t, func(t *testing.T, bad error) {
		srv := newServer(t, nil)
		err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "bad", func(context.Context, wire.Empty) (int, error) { return 0, bad })
			cogs.Handle(r, "through", func(ctx context.Context, _ wire.Empty) (int, error) {
				return cogs.Call(ctx, wire.Route[wire.Empty, int]("bad"), wire.Empty{})
			})
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		v1, ipcx := known(t, srv, protocol.Subprotocol), known(t, srv, "ipcx")
		for id, endpoint := range []string{"bad", "through", "bad"} {
			if got := v1.ask(fmt.Sprintf(`{"id":%d,"call":%q}`, id+1, endpoint)); !strings.Contains(got, `"err":{"code":"internal"`) {
				t.Errorf("%s by cogbus.v1 = %s; want internal", endpoint, got)
			}
			if got := ipcx.ask(envelope(endpoint, "{}")); !strings.HasSuffix(got, `"code": 500}`) {
				t.Errorf("%s by ipcx = %s; want the code 500", endpoint, got)
			}
		}
	})
}

func TestListener_returnsABadError(t *testing.T) {
	eachBadError(t, func(t *testing.T, bad error) {
		host := source{new([]*subscriber)}
		var seen atomic.Int64
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			(*instance.Recorder)(r).Listen(host, "join", func([]byte) string { return "" }, func(context.Context, []byte) error { seen.Add(1); return bad })
			return nil
		}})
		host.emit("join", 1)
		host.emit("join", 2)
		synctest.Wait()
		if s := srv.Cogs()[0]; seen.Load() != 2 || s.State != "serving" || s.InFlight != 0 {
			t.Errorf("%d events were seen and Cogs()[0] = %+v; want 2, and it serves on", seen.Load(), s)
		}
	})
}

func TestTask_returnsABadError(t *testing.T) {
	eachBadError(t, func(t *testing.T, bad error) {
		var starts atomic.Int64
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			switch starts.Add(1) {
			case 1:
				r.Go(func(context.Context) error { time.Sleep(time.Second); return bad })
			case 2:
				r.Every(time.Second, func(context.Context) error { return bad })
			}
			return nil
		}})
		time.Sleep(10 * time.Second)
		if s := srv.Cogs()[0]; s.Restarts != 2 || s.State != "serving" || s.LastError == "" {
			t.Errorf("Cogs()[0] = %+v; want it to serve after two restarts", s)
		}
		if got := mustCall(t, bot, one, wire.Empty{}); got != 1 {
			t.Errorf("Call(one) = %d; want 1", got)
		}
	})
}

// TestSetup_returnsABadError has Setup fail at a load, at a reload and at a restart.
// Later reloads show that the cog still takes commands.
func TestSetup_returnsABadError(t *testing.T) {
	eachBadError(t, func(t *testing.T, bad error) {
		var fails atomic.Bool
		trip := make(chan struct{})
		cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			r.Go(func(ctx context.Context) error {
				select {
				case <-trip:
					return errors.New("gateway lost")
				case <-ctx.Done():
					return nil
				}
			})
			if fails.Load() {
				return bad
			}
			return nil
		}}
		srv, bot := cogtest.Start(t)
		fails.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := srv.Load(ctx, cog); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Load = %v; want what Setup returned, at once", err)
		}
		fails.Store(false)
		if err := srv.Load(ctx, cog); err != nil {
			t.Fatalf("the second Load failed: %v", err)
		}
		fails.Store(true)
		for range 2 {
			if _, err := srv.Reload(ctx, "c", nil); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Reload = %v; want what Setup returned, at once", err)
			}
			if got := mustCall(t, bot, one, wire.Empty{}); got != 1 {
				t.Errorf("Call(one) = %d; want 1 of the old instance", got)
			}
		}
		trip <- struct{}{}
		time.Sleep(time.Second) // the restart fails again and again
		if _, err := client.Call(ctx, bot, one, wire.Empty{}); wire.CodeOf(err) != wire.Unavailable {
			t.Errorf("Call(one) = %v; want %s", err, wire.Unavailable)
		}
		fails.Store(false)
		if _, err := srv.Reload(ctx, "c", nil); err != nil {
			t.Errorf("Reload of what restarts = %v; want it revived", err)
		}
		if got := mustCall(t, bot, one, wire.Empty{}); got != 1 {
			t.Errorf("Call(one) = %d; want 1", got)
		}
	})
}
