package gate_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/wire"
)

// sleeps records routes that sleep for the seconds of the request and answer with the
// number of their generation. One of them sleeps on when its context ends.
func sleeps(r *cogs.Registrar) {
	sleep := func(ctx context.Context, s int) (uint64, error) {
		time.Sleep(time.Duration(s) * time.Second)
		return cogs.CallInfo(ctx).Generation, nil
	}
	cogs.Handle(r, "sleep", sleep)
	cogs.HandleWith(r, "serial", cogs.RouteOptions[int]{Serial: true}, sleep)
	cogs.HandleWith(r, "short", cogs.RouteOptions[int]{Serial: true, MaxWaiting: 2}, sleep)
	cogs.HandleWith(r, "keyed", cogs.RouteOptions[int]{Key: func(s int) string { return string(rune('a' + s)) }, MaxWaiting: 2}, sleep)
	cogs.HandleWith(r, "three", cogs.RouteOptions[int]{MaxInFlight: 3}, sleep)
}

var errGone = wire.Errorf(wire.Unavailable, "the cog is gone")

// TestAdmit_limit fills a cog to its limit of calls in flight, also with calls that wait
// for their turn: the gate refuses further calls until a place is free. A refused call
// takes no place.
func TestAdmit_limit(t *testing.T) {
	for _, endpoint := range []string{"sleep", "serial", "keyed", "three"} {
		bubble(t, endpoint, func(t *testing.T) {
			w := newWorld(t)
			c := w.load(cogs.Cog{Name: "c", MaxInFlight: 2}, sleeps)
			one, two, three := w.call(endpoint, "1"), w.call(endpoint, "1"), w.call(endpoint, "1")
			w.want(three, `overloaded: cog "c" has 2 calls in flight (try again in 100ms)`)
			if n := c.gen.InFlight(); n != 2 {
				t.Errorf("InFlight() = %d; want 2", n)
			}
			time.Sleep(5 * time.Second)
			w.want(one, "ok 1")
			w.want(two, "ok 1")
			w.want(w.call(endpoint, "0"), "ok 1")
			if n := c.gen.InFlight(); n != 0 {
				t.Errorf("InFlight() = %d when all have ended; want 0", n)
			}
		})
	}
}

// TestAdmit_maxWaiting has more calls wait for their turn than the route's MaxWaiting.
func TestAdmit_maxWaiting(t *testing.T) {
	for _, endpoint := range []string{"short", "keyed"} {
		bubble(t, endpoint, func(t *testing.T) {
			w := newWorld(t)
			c := w.load(cogs.Cog{Name: "c"}, sleeps)
			w.call(endpoint, "1")
			synctest.Wait()
			waits := w.call(endpoint, "1")
			synctest.Wait()
			w.call(endpoint, "1")
			synctest.Wait()
			w.want(w.call(endpoint, "1"), `overloaded: the queue of route "`+endpoint+`" is full`)
			if n, s := c.gen.InFlight(), c.Stats(); n != 3 || s.Waiting != 2 {
				t.Errorf("InFlight() = %d, Waiting = %d; want 3 of which 2 wait", n, s.Waiting)
			}
			waits.Cancel(errGone, context.Canceled)
			last := w.call(endpoint, "1")
			w.want(last, "")
			time.Sleep(5 * time.Second)
			w.want(last, "ok 1")
			if n, s := c.gen.InFlight(), c.Stats(); n != 0 || s.Waiting != 0 {
				t.Errorf("InFlight() = %d, Waiting = %d; want none", n, s.Waiting)
			}
		})
	}
}

// TestAdmit_maxWaitingBehindAKey finds the keys of some calls while Key still runs for the
// first call of the line. When that key is found, the calls above MaxWaiting lose their
// places.
func TestAdmit_maxWaitingBehindAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, notes(w, cogs.RouteOptions[int]{MaxWaiting: 1, Key: func(n int) string {
			if n == 0 {
				time.Sleep(50 * time.Millisecond)
			}
			return ""
		}}))
		first, second, third := w.call("note", "0"), w.call("note", "1"), w.call("note", "2")
		synctest.Wait()
		if s := c.Stats(); s.Waiting != 3 {
			t.Errorf("Waiting = %d; want 3 in the line", s.Waiting)
		}
		time.Sleep(time.Second / 2)
		w.want(third, `overloaded: the queue of route "note" is full`)
		time.Sleep(5 * time.Second)
		w.want(first, "ok 0")
		w.want(second, "ok 1")
		if n := c.gen.InFlight(); n != 0 {
			t.Errorf("InFlight() = %d; want 0", n)
		}
	})
}

// TestAdmit_givenUp admits calls that were cancelled before: they get no place.
func TestAdmit_givenUp(t *testing.T) {
	for _, endpoint := range []string{"sleep", "serial", "keyed"} {
		bubble(t, endpoint, func(t *testing.T) {
			w := newWorld(t)
			c := w.load(cogs.Cog{Name: "c"}, sleeps)
			k := w.arrive(nil, endpoint, "1")
			k.Cancel(errGone, context.Canceled)
			if gate.Admit(k) {
				t.Error("Admit() = true of a call that was given up; want false")
			}
			w.want(k, "unavailable")
			if n := c.gen.InFlight(); n != 0 {
				t.Errorf("InFlight() = %d; want 0", n)
			}
		})
	}
}

// TestAdmit_late admits calls that got their places from the route table before a switch:
// they go to the next generation, to its route of that name, within its limit.
func TestAdmit_late(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c", MaxInFlight: 1}, func(r *cogs.Registrar) {
			sleeps(r)
			cogs.Handle(r, "old", func(context.Context, int) (int, error) { return 1, nil })
		})
		late, lost, full := w.arrive(nil, "sleep", "1"), w.arrive(nil, "old", "1"), w.arrive(nil, "sleep", "1")
		first := c.gen
		c.def.Setup = func(_ context.Context, r *cogs.Registrar) error { sleeps(r); return nil }
		c.Swap(c.next(first))
		if !gate.Admit(late) {
			t.Fatal("Admit() = false; want the call to run in the next generation")
		}
		late.HandOff()
		gate.Admit(lost)
		w.want(lost, `no_route: no loaded cog has the route "old"`)
		gate.Admit(full)
		w.want(full, "overloaded")
		time.Sleep(2 * time.Second)
		w.want(late, "ok 2")
		c.wantDrained(first, true)
		if n := c.InFlight(); n != 0 {
			t.Errorf("InFlight() = %d; want 0", n)
		}
		if s := c.Stats(); s.Refused[wire.NoRoute] != 1 || s.Refused[wire.Overloaded] != 1 || s.Calls != 3 {
			t.Errorf("Stats() = %+v; want 3 calls, one without a route and one too many", s)
		}
	})
}
