package call_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
)

// quickAfter returns the number of quick runs until the handlers count as quick.
func quickAfter(p *call.Pace) int {
	for n := range 100 {
		if p.Quick() {
			return n
		}
		p.Ran(100 * time.Microsecond)
	}
	return 100
}

// TestPace checks how many quick runs a handler needs to count as quick, after each thing
// that may happen to it.
func TestPace(t *testing.T) {
	for name, k := range map[string]struct {
		happens func(p *call.Pace)
		want    int
	}{
		"a new handler":               {func(*call.Pace) {}, 4},
		"two quick runs":              {func(p *call.Pace) { p.Ran(0); p.Ran(0) }, 2},
		"many quick runs":             {func(p *call.Pace) { quickAfter(p); p.Ran(0) }, 0},
		"a slow run of a quick one":   {func(p *call.Pace) { quickAfter(p); p.Ran(101 * time.Microsecond) }, 4},
		"a lag of a quick one":        {func(p *call.Pace) { quickAfter(p); p.Lag() }, 4},
		"a slow run in between":       {func(p *call.Pace) { p.Ran(0); p.Ran(0); p.Ran(time.Second); p.Ran(0) }, 3},
		"a stall":                     {func(p *call.Pace) { quickAfter(p); p.Stall() }, 64},
		"a slow run after a stall":    {func(p *call.Pace) { p.Stall(); p.Ran(0); p.Ran(time.Second) }, 63},
		"a lag after a stall":         {func(p *call.Pace) { p.Stall(); p.Lag() }, 64},
		"a stall while it was slow":   {func(p *call.Pace) { p.Lag(); p.Stall() }, 64},
		"a second stall on the way":   {func(p *call.Pace) { p.Stall(); p.Ran(0); p.Stall() }, 64},
		"quick again after a stall":   {func(p *call.Pace) { p.Stall(); quickAfter(p) }, 0},
		"slow again after a stall":    {func(p *call.Pace) { p.Stall(); quickAfter(p); p.Ran(time.Second) }, 4},
		"a run of the limit's length": {func(p *call.Pace) { quickAfter(p); p.Ran(100 * time.Microsecond) }, 0},
	} {
		p := new(call.Pace)
		k.happens(p)
		if got := quickAfter(p); got != k.want {
			t.Errorf("%s: Quick() = true after %d quick runs; want %d", name, got, k.want)
		}
	}
}

// TestRun_pace checks that runs on workers measure how quick a route is. Runs on the
// reader do not read the clock, so they change nothing.
func TestRun_pace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		for n := range 4 {
			c := w.admit("sleep", "0")
			if c.Quick() {
				t.Errorf("Quick() = true after %d runs; want false", n)
			}
			c.HandOff()
			synctest.Wait()
		}
		if c := w.admit("sleep", "1"); !c.Quick() || !c.RunOnReader() || !c.Quick() {
			t.Error("Quick() = false, or RunOnReader(); want a quick route to stay so when a reader has run it")
		}
		w.admit("sleep", "1").HandOff()
		time.Sleep(2 * time.Second)
		if w.admit("sleep", "0").Quick() {
			t.Error("Quick() = true after a worker ran it for a second; want false")
		}
	})
}

// TestRun_paceOfKeys has a quick handler behind a slow Key: the route counts as slow, so
// that readers do not run its Key. A quick Key lets the route stay quick.
func TestRun_paceOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(r *cogs.Registrar) {
			cogs.HandleWith(r, "keyed", cogs.RouteOptions[int]{Key: func(s int) string {
				time.Sleep(time.Duration(s) * time.Second)
				return ""
			}}, func(context.Context, int) (int, error) { return 1, nil })
		})
		p := &w.places["keyed"].Pace
		quickAfter(p)
		w.admit("keyed", "0").Run()
		if !p.Quick() {
			t.Error("Quick() = false after a quick Key; want true")
		}
		w.turn = func() bool { return false } // the handler does not run
		w.admit("keyed", "1").Run()
		if p.Quick() {
			t.Error("Quick() = true after a Key of a second; want false")
		}
	})
}

// TestRun_turn runs calls with keys before their turn has come: first on the reader, then
// on the worker that gets them when it has. Key runs only once.
func TestRun_turn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fragile)
		w.turn = func() bool { return false }
		c := w.admit("key", `"x"`)
		if c.RunOnReader() {
			t.Error("RunOnReader() = true; want false, since it is not its turn")
		}
		w.want(1, "", 0)
		if c.Place() == nil || c.Over() {
			t.Errorf("Place() = %v, Over() = %v; want a call that waits", c.Place(), c.Over())
		}
		c.HandOff()
		synctest.Wait()
		w.want(1, "ok 1", 1)
		w.wantLeft(1, 1)
		if w.seeks != 1 {
			t.Errorf("Seek was told %d times; want once", w.seeks)
		}
		if n := w.flushes.Load(); n != 1 {
			t.Errorf("%d answers were flushed; want that of the worker", n)
		}
	})
}

// TestRun_flush checks that a worker flushes its answer at once, and a reader leaves it
// for later.
func TestRun_flush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fragile)
		if !w.admit("handler", `"x"`).RunOnReader() || w.flushes.Load() != 0 {
			t.Errorf("RunOnReader() = false, or it flushed %d answers; want none", w.flushes.Load())
		}
		w.admit("handler", `"x"`).HandOff()
		synctest.Wait()
		if n := w.flushes.Load(); n != 1 {
			t.Errorf("HandOff flushed %d answers; want 1", n)
		}
	})
}
