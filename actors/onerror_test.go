package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestOnError_seesEveryFailure fails in every way and compares the calls of OnError.
func TestOnError_seesEveryFailure(t *testing.T) {
	errOwn := errors.New("the database is on fire")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var seen []actors.Failure
		srv := newServer(t, &actors.Options{MaxCalls: 1, OnError: func(f actors.Failure) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, f)
			panic("whatever it does") // no other call must suffer
		}})
		err := srv.Load(t.Context(), cogs.Cog{Name: "faulty", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "own", func(context.Context, wire.Empty) (int, error) { return 0, fmt.Errorf("save: %w", errOwn) })
			cogs.Handle(r, "panic", func(context.Context, wire.Empty) (int, error) { panic("boom") })
			cogs.Handle(r, "coded", func(context.Context, wire.Empty) (int, error) { return 0, wire.Errorf("no_money", "3 short") })
			cogs.Handle(r, "inside", func(ctx context.Context, _ wire.Empty) (int, error) {
				_, _ = cogs.Call[wire.Empty, int](ctx, "own", wire.Empty{})
				return 1, nil
			})
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		v1, ipcx := known(t, srv, protocol.Subprotocol), known(t, srv, "ipcx")
		for _, c := range []struct {
			endpoint, ms, caller string
			code                 wire.Code
			is                   func(error) bool
		}{
			{"own", "1e3", "pipe", wire.Internal, func(err error) bool { return errors.Is(err, errOwn) }},
			{"panic", "1e3", "pipe", wire.Internal, func(err error) bool { _, ok := errors.AsType[*cogs.Panic](err); return ok }},
			{"coded", "1e3", "pipe", "no_money", func(err error) bool { return strings.Contains(err.Error(), "3 short") }},
			{"inside", "1e3", "faulty", wire.Internal, func(err error) bool { return errors.Is(err, errOwn) }},
			{"nothing", "1e3", "pipe", wire.NoRoute, func(err error) bool { return err != nil }},
			{"person", "1e3", "pipe", wire.BadRequest, func(err error) bool { return strings.Contains(err.Error(), "age") }},
			{"sleep", "10", "pipe", wire.Timeout, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
			{"nan", "1e3", "pipe", wire.Internal, func(err error) bool { _, ok := errors.AsType[codec.NotSerialisable](err); return ok }},
			{"large", "1e3", "pipe", wire.TooLarge, func(err error) bool { return err != nil }},
		} {
			data := `{"age":"old","s":5}`
			for dialect, ask := range map[string]func(){
				"v1":   func() { v1.ask(fmt.Sprintf(`{"id":1,"call":%q,"data":%s,"ms":%s}`, c.endpoint, data, c.ms)) },
				"ipcx": func() { ipcx.ask(envelope(c.endpoint, data)) },
			} {
				if dialect == "ipcx" && c.code == wire.Timeout {
					continue // callers of this dialect do not send their timeouts
				}
				ask()
				synctest.Wait()
				mu.Lock()
				endpoint := c.endpoint
				if c.caller == "faulty" {
					endpoint = "own"
				}
				if len(seen) != 1 || seen[0].Endpoint != endpoint || seen[0].Caller != c.caller || seen[0].Code != c.code || !c.is(seen[0].Err) {
					t.Errorf("%s over %s: OnError saw %+v; want it once, with code %s", c.endpoint, dialect, seen, c.code)
				}
				seen = nil
				mu.Unlock()
			}
		}
		// a message that is no call, and calls that are given up
		v1.say(`{"id":1,"call":"sleep","data":{"s":5}}`)
		v1.ask(`{"id":2,"call":"echo"}`)
		v1.ask(`{"id":1,"cancel":true}`)
		v1.ask(`nonsense`)
		ipcx.ask(`{"endpoint":"echo"}`)
		v1.say(`{"id":3,"call":"sleep","data":{"s":5}}`)
		synctest.Wait()
		v1.leave()
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		var codes []string
		for _, f := range seen {
			codes = append(codes, f.Endpoint+":"+string(f.Code))
		}
		if got, want := strings.Join(codes, " "), "echo:overloaded sleep:canceled :bad_request echo:unauthorized sleep:canceled"; got != want {
			t.Errorf("OnError saw %s; want %s", got, want)
		}
	})
}

// TestOnError_getsTheErrorItself returns an error of a type of the bot's own: OnError may
// compare it, and unwrap it step by step.
func TestOnError_getsTheErrorItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := &fault{errors.New("cause")}
		got := make(chan error, 1)
		srv := newServer(t, &actors.Options{Secret: secret, OnError: func(f actors.Failure) { got <- f.Err }})
		if err := srv.Load(t.Context(), cogs.Single("bad", func(context.Context, wire.Empty) (int, error) { return 0, want })); err != nil {
			t.Fatal(err)
		}
		if _, err := clientOf(t, srv).Request(t.Context(), "bad", nil); wire.CodeOf(err) != wire.Internal {
			t.Errorf("Call(bad) = %v; want internal", err)
		}
		if err := <-got; err != want || errors.Unwrap(err) != want.cause { //nolint:errorlint // the error itself
			t.Errorf("Failure.Err = %v; want the error that the handler returned", err)
		}
	})
}
