package gate_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/wire"
)

// TestRefuseAll checks that RefuseAll refuses held calls and later ones, that calls which
// run go on, and that the gate serves again with the next generation.
func TestRefuseAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, sleeps)
		runs, waits := w.call("serial", "2"), w.call("serial", "0")
		c.Hold()
		held, gone := w.call("sleep", "0"), w.call("sleep", "0")
		gone.Cancel(wire.Errorf(wire.Canceled, "given up"), context.Canceled)
		c.RefuseAll(errGone)
		w.want(held, "unavailable: the cog is gone")
		w.want(gone, "canceled")
		w.want(w.call("sleep", "0"), "unavailable: the cog is gone")
		w.want(runs, "")
		if n := c.InFlight(); n != 2 {
			t.Errorf("InFlight() = %d; want those that run and wait", n)
		}
		c.RefuseAll(wire.Errorf(wire.NoRoute, "unloaded")) // the later error replaces the earlier one
		w.want(w.call("sleep", "0"), "no_route")
		c.wantDrained(c.gen, false)
		time.Sleep(3 * time.Second)
		w.want(runs, "ok 1")
		w.want(waits, "ok 1")
		c.wantDrained(c.gen, true)

		c.Hold() // as a restart does
		after := w.call("sleep", "0")
		w.want(after, "")
		if n := c.Swap(c.next(c.gen)); n != 1 {
			t.Errorf("Swap() = %d; want the one that was held since", n)
		}
		w.want(after, "ok 2")
	})
}

// TestRefuseAll_thenSwap opens a gate that refuses without holding it before.
func TestRefuseAll_thenSwap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, sleeps)
		c.RefuseAll(errGone)
		w.want(w.call("sleep", "0"), "unavailable")
		c.Swap(c.next(c.gen))
		w.want(w.call("sleep", "0"), "ok 2")
	})
}

// ticks records a tick that takes a second.
func ticks(w *world) func(r *cogs.Registrar) {
	return func(r *cogs.Registrar) {
		r.Every(time.Minute, func(ctx context.Context) error {
			w.note("tick of %d", cogs.CallInfo(ctx).Generation)
			time.Sleep(time.Second)
			return nil
		})
	}
}

// tick returns a call of the first tick of a generation. The gate has not admitted it yet.
func (w *world) tick(gen *gate.Generation) *call.Call {
	e := gen.Instance.Ticks()[0]
	w.lastID++
	return w.made(w.env.New(w, gen.Tick(e)), w.lastID, nil, e.Name, "")
}

func admit(c *call.Call) *call.Call {
	if gate.Admit(c) {
		c.HandOff()
	}
	return c
}

// wantDropped checks that a tick has ended without an outcome.
func (w *world) wantDropped(c *call.Call) {
	w.t.Helper()
	synctest.Wait()
	if got := w.answers[c.ID]; len(got) != 1 || got[0] != "" || w.overs[c.ID] != 1 {
		w.t.Errorf("the tick was told %q, and %d times that it is over; want one empty answer, and once", got, w.overs[c.ID])
	}
}

// TestTick_ofAnEndedInstance has ticks come while their generation is closed. If that
// generation opens again, they run in it. If it has ended, the gate drops them without a
// failure: they must not run in another generation.
func TestTick_ofAnEndedInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, ticks(w))
		old := c.gen
		c.Hold()
		served := admit(w.tick(old))
		w.want(served, "")
		c.Reopen() // the instance goes on, and so do its ticks
		w.want(served, "")
		w.wantNotes("tick of 1")
		time.Sleep(2 * time.Second)
		w.want(served, "ok ")

		c.Hold()
		held := admit(w.tick(old))
		c.Swap(c.next(old))
		w.wantDropped(held)
		w.wantDropped(admit(w.tick(old)))
		c.RefuseAll(errGone)
		w.wantDropped(admit(w.tick(c.gen)))
		w.wantNotes()
		c.wantDrained(old, true)
		c.wantDrained(c.gen, true)
	})
}

// TestTick_overlap has a tick twice in one generation, and once more in the next one:
// only one of them runs at a time.
func TestTick_overlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, ticks(w))
		old := c.gen
		admit(w.tick(old))
		admit(w.tick(old))
		c.Swap(c.next(old))
		admit(w.tick(c.gen))
		w.wantNotes("tick of 1")
		time.Sleep(time.Second)
		w.wantNotes("tick of 1")
		c.wantDrained(old, false)
		time.Sleep(time.Second)
		w.wantNotes("tick of 2")
		c.wantDrained(old, true)
	})
}
