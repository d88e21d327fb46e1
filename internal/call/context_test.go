package call_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// keeper records a route that keeps its context. If the request says so, its handler
// waits for the end of the context.
func keeper(kept *context.Context) func(r *cogs.Registrar) {
	return func(r *cogs.Registrar) {
		cogs.HandleWith(r, "keep", cogs.RouteOptions[bool]{Timeout: 10 * time.Second}, func(ctx context.Context, waits bool) (int, error) {
			*kept = ctx
			if waits {
				<-ctx.Done()
				time.Sleep(time.Second)
			}
			return 1, nil
		})
	}
}

// TestContext_running asks a handler's context while the handler runs.
func TestContext_running(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ctx context.Context
		w := newWorld(t, keeper(&ctx))
		c := w.admit("keep", "true")
		c.Caller, c.Origin, c.Admin = "someone", &call.Origin{Dialect: "d", Client: "n"}, true
		c.HandOff()
		synctest.Wait()
		deadline := time.Now().Add(10 * time.Second)
		want := cogs.Info{Cog: "c", Generation: 7, Endpoint: "keep", Caller: "someone", Dialect: "d", Client: "n", Admin: true, Deadline: deadline}
		if got := cogs.CallInfo(ctx); got != want {
			t.Errorf("CallInfo() = %+v; want %+v", got, want)
		}
		if err := ctx.Err(); err != nil {
			t.Errorf("Err() = %v of a call that runs; want nil", err)
		}
		if got := ctx.Value("other key"); got != nil {
			t.Errorf("Value(%q) = %v; want nil", "other key", got)
		}
		if got := call.Of(ctx); got != c {
			t.Errorf("Of(ctx) = %p; want the call %p", got, c)
		}
		if got := call.Of(context.WithValue(ctx, wire.Empty{}, 1)); got != c {
			t.Errorf("Of(a derived context) = %p; want the call %p", got, c)
		}
		if got := call.Of(t.Context()); got != nil {
			t.Errorf("Of(another context) = %p; want nil", got)
		}
		out, err := cogs.Call(ctx, wire.Route[int, string]("other"), 1)
		if out != "other" || err != nil || len(w.inside) != 1 || w.inside[0] != c {
			t.Errorf("Call() = %q, %v, made by %v; want the other route's answer, made by the call", out, err, w.inside)
		}
	})
}

// TestContext_cause ends contexts in each way while the handler runs. The context, and
// one derived from it, must return the first cause, also when the handler has returned.
func TestContext_cause(t *testing.T) {
	for name, k := range map[string]struct {
		end  func(c *call.Call)
		want error
	}{
		"deadline":                  {func(*call.Call) { time.Sleep(10 * time.Second) }, context.DeadlineExceeded},
		"cancel":                    {func(c *call.Call) { c.Cancel(errGone, context.Canceled) }, context.Canceled},
		"deadline after the cancel": {func(c *call.Call) { c.Cancel(errGone, context.Canceled); time.Sleep(time.Minute) }, context.Canceled},
		"deadline of the caller":    {func(c *call.Call) { c.CancelByCaller(context.DeadlineExceeded) }, context.DeadlineExceeded},
	} {
		bubble(t, name, func(t *testing.T) {
			var ctx context.Context
			w := newWorld(t, keeper(&ctx))
			c := w.admit("keep", "true")
			c.HandOff()
			synctest.Wait()
			derived, cancel := context.WithCancel(ctx)
			defer cancel()
			told, taken := 0, 0
			context.AfterFunc(ctx, func() { told++ })
			stop := context.AfterFunc(ctx, func() { taken++ })
			if !stop() || stop() {
				t.Error("stop() reports another thing than that the first one has stopped the function")
			}
			k.end(c)
			synctest.Wait()
			for range 2 { // while the handler runs, and after it
				if ctx.Err() != k.want || derived.Err() != k.want || context.Cause(derived) != k.want { //nolint:errorlint // contexts return these themselves
					t.Errorf("Err() = %v, of a derived one %v, Cause() = %v; want %v", ctx.Err(), derived.Err(), context.Cause(derived), k.want)
				}
				time.Sleep(time.Minute)
			}
			if told != 1 || taken != 0 {
				t.Errorf("functions for the end were called %d times, and %d when stopped; want once, and not", told, taken)
			}
		})
	}
}

// TestContext_afterwards asks the context of a call that has ended. In half of the cases
// the call already serves another request: the context must say that it has ended, and
// must not show anything of the other request.
func TestContext_afterwards(t *testing.T) {
	for _, again := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var ctx context.Context
			w := newWorld(t, keeper(&ctx))
			var c *call.Call
			var old context.Context
			serve := func() *call.Call {
				c = w.admit("keep", "false")
				c.Caller = "first"
				if !c.RunOnReader() {
					t.Fatal("RunOnReader() = false; want the call served")
				}
				old = ctx
				return c
			}
			if again {
				c = w.again(serve)
				c.Caller, c.Data = "second", []byte("true")
				c.HandOff()
				synctest.Wait()
			} else {
				serve()
			}
			select {
			case <-old.Done():
			default:
				t.Errorf("used again %v: Done() is open; want it closed", again)
			}
			if old.Err() != context.Canceled {
				t.Errorf("used again %v: Err() = %v; want %v", again, old.Err(), context.Canceled)
			}
			called := false
			if stop := context.AfterFunc(old, func() { called = true }); stop() {
				t.Errorf("used again %v: stop() = true; want false, since the function is called", again)
			}
			synctest.Wait()
			if !called {
				t.Errorf("used again %v: AfterFunc has not called its function", again)
			}
			i := cogs.CallInfo(old)
			if i.Cog != "c" || i.Generation != 7 || i.Endpoint != "keep" || i.Caller == "second" {
				t.Errorf("used again %v: CallInfo() = %+v; want where the first call was served", again, i)
			}
			until, ok := old.Deadline()
			if again && (ok || !until.IsZero() || i.Caller != "") {
				t.Errorf("Deadline() = %v, %v, Caller = %q; want none of a call that is used again", until, ok, i.Caller)
			}
			_, err := cogs.Call(old, wire.Route[int, string]("other"), 1)
			if again && (wire.CodeOf(err) != wire.Canceled || len(w.inside) != 0) {
				t.Errorf("Call() = %v, made by %v; want it refused as canceled", err, w.inside)
			}
			if got := call.Of(old); again && got != nil || !again && got != c {
				t.Errorf("used again %v: Of() = %p, the call is %p", again, got, c)
			}
		})
	}
}
