package gate_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/gate"
)

// TestDrained closes a generation in each way while calls run and wait there: it must be
// drained when the last of these calls is over, and not before.
func TestDrained(t *testing.T) {
	for name, closes := range map[string]func(c *cog){
		"Hold":      func(c *cog) { c.Hold() },
		"Swap":      func(c *cog) { c.Swap(c.next(c.gen)) },
		"RefuseAll": func(c *cog) { c.RefuseAll(errGone) },
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(t)
			c := w.load(cogs.Cog{Name: "c"}, sleeps)
			gen := c.gen
			if c.Drained(gen) != nil {
				t.Errorf("Drained() of an open generation = a channel; want nil")
			}
			w.call("serial", "2")
			w.call("serial", "2")
			hangs := w.call("sleep", "6")
			closes(c)
			time.Sleep(5 * time.Second)
			c.wantDrained(gen, false) // only the calls in the lane have ended
			if n := gen.InFlight(); n != 1 {
				t.Errorf("InFlight() = %d; want the one that runs", n)
			}
			if !gen.Serves(hangs) {
				t.Errorf("Serves() = false of a call that runs there; want true")
			}
			hangs.Cancel(errGone, context.Canceled)
			w.want(hangs, "unavailable")
			c.wantDrained(gen, false) // the call is answered, and its handler runs on
			time.Sleep(time.Second)
			c.wantDrained(gen, true)
			if gen.Serves(hangs) {
				t.Errorf("Serves() = true of a call that is over; want false")
			}
			closes(c) // a second time changes nothing
			c.wantDrained(gen, true)
		})
	}
}

// TestDrained_reopened opens a generation again before and after it was drained.
func TestDrained_reopened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, sleeps)
		for range 2 {
			runs := w.call("sleep", "1")
			c.Hold()
			c.wantDrained(c.gen, false)
			c.Reopen()
			time.Sleep(2 * time.Second)
			w.want(runs, "ok 1")
			if c.Drained(c.gen) != nil {
				t.Error("Drained() of a generation that was opened again = a channel; want nil")
			}
			c.Hold()
			c.wantDrained(c.gen, true)
			c.Reopen()
			w.want(w.call("sleep", "0"), "ok 1")
		}
	})
}

// TestDrained_late admits a call late: the route table gave it a place in a generation
// that has drained since. The call runs in the next generation, and the old one stays
// drained.
func TestDrained_late(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, sleeps)
		old := c.gen
		late := w.arrive(nil, "sleep", "5")
		c.Swap(c.next(old))
		c.wantDrained(old, true)
		if !gate.Admit(late) {
			t.Fatal("Admit() = false; want the call to run in the next generation")
		}
		late.HandOff()
		c.wantDrained(old, true)
		c.Swap(c.next(c.gen))
		c.wantDrained(old, true)
		if n := c.Stats().InFlight; n != 1 {
			t.Errorf("Stats().InFlight = %d; want the call of the generation in the middle", n)
		}
	})
}

// TestStats_leaving checks that Stats counts the calls of earlier generations until these
// are empty.
func TestStats_leaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, sleeps)
		for _, s := range []string{"3", "2", "1"} {
			w.call("sleep", s)
			w.call("serial", s)
			c.Swap(c.next(c.gen))
		}
		for _, want := range []struct{ inFlight, waiting int }{{6, 2}, {5, 2}, {4, 2}, {2, 1}, {2, 1}, {1, 0}, {0, 0}} {
			synctest.Wait()
			if s := c.Stats(); s.InFlight != want.inFlight || s.Waiting != want.waiting {
				t.Errorf("Stats() = %d in flight, %d waiting; want %d, %d", s.InFlight, s.Waiting, want.inFlight, want.waiting)
			}
			time.Sleep(time.Second)
		}
		if n := c.InFlight(); n != 0 {
			t.Errorf("InFlight() = %d; want 0", n)
		}
	})
}
