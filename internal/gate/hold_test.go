package gate_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
)

// TestHold holds calls and lets them go on in each way. They must run in order, each in
// one generation, also above the limit, and before the calls that arrive later.
func TestHold(t *testing.T) {
	for name, k := range map[string]struct {
		release func(c *cog) int
		gen     int
	}{
		"Swap":                {func(c *cog) int { return c.Swap(c.next(c.gen)) }, 2},
		"Swap without an old": {func(c *cog) int { return c.Swap(c.next(nil)) }, 2},
		"Reopen":              {func(c *cog) int { return c.Reopen() }, 1},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(t)
			c := w.load(cogs.Cog{Name: "c", MaxInFlight: 2}, func(r *cogs.Registrar) {
				cogs.HandleWith(r, "serial", cogs.RouteOptions[int]{Serial: true}, func(ctx context.Context, n int) (int, error) {
					w.note("%d in %d", n, cogs.CallInfo(ctx).Generation)
					time.Sleep(time.Second)
					return n, nil
				})
			})
			c.Hold()
			c.wantDrained(c.gen, true)
			var want []string
			for n := range 5 {
				w.want(w.call("serial", fmt.Sprint(n)), "")
				want = append(want, fmt.Sprintf("%d in %d", n, k.gen))
			}
			if got, s := c.InFlight(), c.Stats(); got != 5 || s.Held != 5 || s.InFlight != 5 {
				t.Errorf("InFlight() = %d, Stats() = %+v; want 5 held", got, s)
			}
			w.wantNotes()
			if n := k.release(c); n != 5 {
				t.Errorf("it has released %d; want 5", n)
			}
			w.want(w.call("serial", "9"), "overloaded") // because the held calls have passed the limit
			time.Sleep(5*time.Second - 1)
			w.want(w.call("serial", "5"), "")
			time.Sleep(5 * time.Second)
			w.wantNotes(append(want, fmt.Sprintf("5 in %d", k.gen))...)
			if s := c.Stats(); s.Held != 0 || s.InFlight != 0 || s.Waiting != 0 {
				t.Errorf("Stats() = %+v; want nothing left", s)
			}
			c.Hold()
			if n := c.Reopen(); n != 0 {
				t.Errorf("Reopen() = %d after another Hold; want 0, since only its own count", n)
			}
		})
	}
}

// TestHold_full has more calls come than the gate may hold. Calls that are cancelled
// meanwhile make room, and do not count.
func TestHold_full(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c", MaxHeld: 3}, sleeps)
		c.Hold()
		held := []*call.Call{w.call("sleep", "0"), w.call("sleep", "0"), w.call("sleep", "0")}
		w.want(w.call("sleep", "0"), `overloaded: cog "c" is being reloaded, and 3 calls wait already (try again in 100ms)`)
		held[1].Cancel(errGone, context.Canceled)
		if n, s := c.InFlight(), c.Stats(); n != 2 || s.Held != 2 || s.InFlight != 2 {
			t.Errorf("InFlight() = %d, Stats() = %+v; want the 2 calls that were not given up", n, s)
		}
		last := w.call("sleep", "0")
		w.want(last, "")
		w.want(w.call("sleep", "0"), "overloaded")
		c.Swap(c.next(c.gen))
		w.want(held[0], "ok 2")
		w.want(held[1], "unavailable")
		w.want(held[2], "ok 2")
		w.want(last, "ok 2")
	})
}

// TestHold_deadline keeps a call in the gate until its deadline: it does not run
// afterwards, and takes no place in the next generation.
func TestHold_deadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c", Timeout: 10 * time.Second}, sleeps)
		c.Hold()
		k := w.call("sleep", "0")
		time.Sleep(10*time.Second - 1)
		w.want(k, "")
		time.Sleep(time.Nanosecond)
		w.want(k, "timeout")
		c.Swap(c.next(c.gen))
		w.want(k, "timeout")
		if n := c.gen.InFlight(); n != 0 {
			t.Errorf("InFlight() = %d; want 0", n)
		}
	})
}

// TestHold_noRoute holds a call for a route that the next generation does not have.
func TestHold_noRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, sleeps)
		c.Hold()
		k := w.call("sleep", "0")
		c.def.Setup = func(context.Context, *cogs.Registrar) error { return nil }
		c.Swap(c.next(c.gen))
		w.want(k, "no_route")
		if n := c.gen.InFlight(); n != 0 || c.gen.Routes() != 0 {
			t.Errorf("InFlight() = %d, Routes() = %d; want nothing in a cog without routes", n, c.gen.Routes())
		}
	})
}

// TestHold_again calls Hold on a gate that holds calls already: it keeps these calls, and
// begins to count again.
func TestHold_again(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, sleeps)
		first := c.gen
		if first.String() != "c@1" || first.Number != 1 || first.Instance == nil {
			t.Errorf("the first generation is %v; want c@1", first)
		}
		c.Hold()
		k := w.call("sleep", "0")
		c.Hold()
		w.want(k, "")
		if n := c.Reopen(); n != 0 {
			t.Errorf("Reopen() = %d; want 0, the calls since the last Hold", n)
		}
		w.want(k, "ok 1")
	})
}
