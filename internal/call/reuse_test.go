package call_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// tries is the number of calls that a test makes to see one of them used again. A
// sync.Pool may drop its values, and does so at random under the race detector.
const tries = 100

// again serves calls with serve and frees them until one of them is used again. It
// returns that call, admitted to the same place.
func (w *world) again(serve func() *call.Call) *call.Call {
	w.t.Helper()
	for range tries {
		c := serve()
		at := w.places[c.Endpoint]
		c.Free()
		if n := w.arrive(at.Endpoint.Name, "false"); n == c {
			n.Admitted(at)
			return n
		}
	}
	w.t.Fatalf("no call was used again in %d tries", tries)
	return nil
}

// TestFree checks that exactly these calls are used again: calls that ran on the reader,
// and to which no other code can refer afterwards.
func TestFree(t *testing.T) {
	run := func(c *call.Call) { c.RunOnReader() }
	for _, k := range []struct {
		name     string
		endpoint string
		prepare  func(w *world, c *call.Call)
		run      func(c *call.Call)
		again    bool
	}{
		{name: "served on the reader", again: true},
		{name: "cancelled after the answer", run: func(c *call.Call) { c.RunOnReader(); c.Cancel(errGone, nil) }, again: true},
		{name: "with a request's buffer", prepare: func(_ *world, c *call.Call) { c.Buffer = buffer.New() }, again: true},
		{name: "on a worker", run: func(c *call.Call) { c.Run() }},
		{name: "whose handler fails", endpoint: "fail"},
		{name: "with keys", endpoint: "keyed"},
		{name: "whose context was asked for", endpoint: "shared"},
		{name: "that a handler has made", prepare: func(w *world, c *call.Call) { c.Parent = w.arrive("quick", "") }},
		{name: "that somebody came across", prepare: func(w *world, _ *call.Call) { w.seen = true }},
		{name: "that has a timer", prepare: func(_ *world, c *call.Call) { c.Arm() }},
		{name: "that was held", prepare: func(w *world, c *call.Call) { c.Hold() }},
		{name: "that was cancelled", prepare: func(w *world, c *call.Call) { c.Cancel(errGone, nil) }},
		{name: "that was cancelled while it ran", endpoint: "cancelled"},
	} {
		bubble(t, k.name, func(t *testing.T) {
			w := newWorld(t, func(r *cogs.Registrar) {
				quick := func(context.Context, wire.Empty) (int, error) { return 1, nil }
				cogs.Handle(r, "quick", quick)
				cogs.HandleWith(r, "keyed", cogs.RouteOptions[wire.Empty]{Key: func(wire.Empty) string { return "" }}, quick)
				cogs.Handle(r, "fail", func(context.Context, wire.Empty) (int, error) { return 0, errGone })
				cogs.Handle(r, "shared", func(ctx context.Context, _ wire.Empty) (int, error) { call.Of(ctx); return 1, nil })
				cogs.Handle(r, "cancelled", func(ctx context.Context, _ wire.Empty) (int, error) {
					call.Of(ctx).Cancel(errGone, nil)
					return 1, nil
				})
			})
			if k.endpoint == "" {
				k.endpoint = "quick"
			}
			if k.run == nil {
				k.run = run
			}
			reused := 0
			for range tries {
				c := w.arrive(k.endpoint, "")
				if k.prepare != nil {
					k.prepare(w, c)
				}
				c.Admitted(w.places[k.endpoint])
				k.run(c)
				c.Free()
				c.Free() // does nothing
				one, two := w.arrive("quick", ""), w.arrive("quick", "")
				if one == two {
					t.Fatal("a call was given to two makers")
				}
				if one == c || two == c {
					reused++
				}
			}
			if k.again != (reused > 0) {
				t.Errorf("%d of %d calls were used again; want any: %v", reused, tries, k.again)
			}
			synctest.Wait()
		})
	}
}

// TestFree_leavesNothing serves a second request with a call that is used again: nothing
// of the first request is left, and deadline, context and answer are its own.
func TestFree_leavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ctx context.Context
		w := newWorld(t, keeper(&ctx))
		c := w.again(func() *call.Call {
			c := w.admit("keep", "false")
			c.Caller, c.Origin, c.Admin, c.Timeout = "first", &call.Origin{Dialect: "d"}, true, time.Second
			c.Arrived = w.env.Now()
			c.RunOnReader()
			_, _ = ctx.Deadline()
			<-ctx.Done()
			return c
		})
		time.Sleep(5 * time.Second) // the first deadline is over
		if c.Caller != "" || (c.Origin != nil && c.Origin.Dialect != "") || c.Admin || c.Timeout != 0 || c.Arrived != 0 || c.Parent != nil || c.Buffer != nil {
			t.Errorf("Request = %+v; want nothing of the first one", c.Request)
		}
		if c.Over() || c.Err() != nil || c.Held() || c.Returned() || c.Place() == nil {
			t.Errorf("Over() = %v, Err() = %v, Held() = %v, Returned() = %v, Place() = %v; want a call that waits",
				c.Over(), c.Err(), c.Held(), c.Returned(), c.Place())
		}
		began := time.Now()
		c.Data = []byte("true")
		c.HandOff()
		time.Sleep(10*time.Second - 1)
		synctest.Wait()
		w.want(c.ID, "", 0)
		if until, ok := ctx.Deadline(); !ok || until.Sub(began) != 10*time.Second {
			t.Errorf("Deadline() = %v after the start, %v; want 10s", until.Sub(began), ok)
		}
		time.Sleep(2 * time.Second)
		w.want(c.ID, "timeout", 1)
		w.wantLeft(c.ID, 1)
	})
}
