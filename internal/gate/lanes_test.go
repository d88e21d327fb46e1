package gate_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/gate"
)

// notes records a route that notes its start and its generation, and takes a second.
func notes(w *world, o cogs.RouteOptions[int]) func(r *cogs.Registrar) {
	return func(r *cogs.Registrar) {
		cogs.HandleWith(r, "note", o, func(ctx context.Context, n int) (int, error) {
			w.note("%d in %d", n, cogs.CallInfo(ctx).Generation)
			time.Sleep(time.Second)
			return n, nil
		})
	}
}

// TestOrder_overASwitch has calls come before and after a switch. If both generations run
// calls one at a time, all of them run in order of arrival. If the next generation's route
// is of another kind, its calls do not wait for the calls of the old one.
func TestOrder_overASwitch(t *testing.T) {
	even := func(n int) string { return fmt.Sprint(n % 2) }
	for name, k := range map[string]struct {
		serial     bool // the cog is serial
		before     cogs.RouteOptions[int]
		after      cogs.RouteOptions[int]
		at0s, at1s []string
	}{
		"serial":               {false, cogs.RouteOptions[int]{Serial: true}, cogs.RouteOptions[int]{Serial: true}, []string{"0 in 1"}, []string{"1 in 1"}},
		"a serial cog":         {true, cogs.RouteOptions[int]{}, cogs.RouteOptions[int]{}, []string{"0 in 1"}, []string{"1 in 1"}},
		"serial cog with keys": {true, cogs.RouteOptions[int]{Key: even}, cogs.RouteOptions[int]{Key: even}, []string{"0 in 1"}, []string{"1 in 1"}},
		"two at a time":        {false, cogs.RouteOptions[int]{MaxInFlight: 2}, cogs.RouteOptions[int]{MaxInFlight: 2}, []string{"0 in 1", "1 in 1"}, []string{"2 in 2", "3 in 2"}},
		"another limit":        {false, cogs.RouteOptions[int]{Serial: true}, cogs.RouteOptions[int]{MaxInFlight: 2}, []string{"0 in 1", "2 in 2", "3 in 2"}, []string{"1 in 1"}},
		"no order":             {false, cogs.RouteOptions[int]{}, cogs.RouteOptions[int]{}, []string{"0 in 1", "1 in 1", "2 in 2", "3 in 2"}, nil},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(t)
			c := w.load(cogs.Cog{Name: "c", Serial: k.serial}, notes(w, k.before))
			call := func(n int) {
				w.call("note", fmt.Sprint(n))
				time.Sleep(time.Millisecond) // otherwise calls that run at the same time note themselves in random order
			}
			call(0)
			call(1)
			c.def.Setup = func(_ context.Context, r *cogs.Registrar) error { notes(w, k.after)(r); return nil }
			c.Swap(c.next(c.gen))
			call(2)
			call(3)
			w.wantNotes(k.at0s...)
			time.Sleep(time.Second)
			w.wantNotes(k.at1s...)
		})
	}
}

// TestOrder_keys has calls of two keys: calls of one key run in order of arrival, also if
// the goroutine of a later call finds its key first.
func TestOrder_keys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, notes(w, cogs.RouteOptions[int]{Key: func(n int) string {
			time.Sleep(time.Duration(10-n) * time.Millisecond) // a later call finds its key sooner
			return fmt.Sprint(n % 2)
		}}))
		for n := range 4 {
			w.call("note", fmt.Sprint(n))
		}
		time.Sleep(500 * time.Millisecond)
		c.Swap(c.next(c.gen))
		w.call("note", "5")
		time.Sleep(time.Minute)
		synctest.Wait()
		place := map[string]int{}
		for i, n := range w.began {
			place[n] = i + 1
		}
		for _, order := range [][]string{{"0 in 1", "2 in 1"}, {"1 in 1", "3 in 1", "5 in 2"}} {
			for i := 1; i < len(order); i++ {
				if a, b := place[order[i-1]], place[order[i]]; a == 0 || a > b {
					t.Errorf("calls began as %q; want %q in that order", w.began, order)
				}
			}
		}
	})
}

// TestEvict takes calls that hang out of their lane: the next generation goes on, and the
// calls that hang stay in flight in their own generation.
func TestEvict(t *testing.T) {
	for _, serial := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			c := w.load(cogs.Cog{Name: "c", Serial: serial}, sleeps)
			old := c.gen
			hangs := w.call("serial", "20")
			synctest.Wait()
			c.Swap(c.next(old))
			after := w.call("serial", "1")
			time.Sleep(2 * time.Second)
			w.want(after, "")
			c.gen.Evict() // of a generation without calls: does nothing
			w.want(after, "")
			old.Evict()
			time.Sleep(2 * time.Second)
			w.want(after, "ok 2")
			if n := old.InFlight(); n != 1 {
				t.Errorf("InFlight() = %d of the old generation; want the call that hangs", n)
			}
			time.Sleep(20 * time.Second)
			w.want(hangs, "ok 1")
			c.wantDrained(old, true)
		})
	}
}

// TestSwap_maxWaiting gives the next generation a higher or lower MaxWaiting for the lanes
// that it takes over. Calls that wait there already stay.
func TestSwap_maxWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c"}, notes(w, cogs.RouteOptions[int]{Serial: true, MaxWaiting: 2}))
		w.call("note", "0")
		w.call("note", "1")
		kept := w.call("note", "2")
		w.want(w.call("note", "3"), "overloaded")
		for _, k := range []struct {
			most int
			want string
		}{{3, ""}, {1, "overloaded"}, {0, ""}} {
			c.def.Setup = func(_ context.Context, r *cogs.Registrar) error {
				notes(w, cogs.RouteOptions[int]{Serial: true, MaxWaiting: k.most})(r)
				return nil
			}
			next := c.next(c.gen)
			w.want(w.arrive(nil, "note", "4"), "") // before Swap the old MaxWaiting applies
			c.Swap(next)
			w.want(w.call("note", "5"), k.want)
		}
		time.Sleep(time.Minute)
		w.want(kept, "ok 2")
	})
}

// TestStatus describes routes as a client lists them.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.load(cogs.Cog{Name: "c", Timeout: 2 * time.Second}, sleeps)
		for name, want := range map[string]struct{ serial, keyed bool }{"sleep": {}, "serial": {serial: true}, "keyed": {keyed: true}, "three": {}} {
			s := gate.Status(c.gen.Places()[name])
			if s.Serial != want.serial || s.Keyed != want.keyed || s.Endpoint != name || s.Cog != "c" || s.Generation != 1 || s.TimeoutMS != 2000 {
				t.Errorf("Status(%q) = %+v; want serial %v, keyed %v, of c in generation 1, in 2 s", name, s, want.serial, want.keyed)
			}
		}
		if n := c.gen.Routes(); n != 5 || c.Panics() != 0 {
			t.Errorf("Routes() = %d, Panics() = %d; want 5, and none", n, c.Panics())
		}
	})
}
