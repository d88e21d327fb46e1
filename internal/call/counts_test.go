package call_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// TestCounts_refused refuses calls with each kind of error: each counts under the code
// that its caller gets.
func TestCounts_refused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		for _, err := range []error{
			errGone,
			wire.Errorf(wire.Overloaded, "too many"),
			wire.Errorf(wire.Overloaded, "too many"),
			wire.Errorf("of_a_cog", "its own code"),
			wire.Errorf("of_a_cog", "its own code"),
			wire.Errorf("", "without a code"),
			context.DeadlineExceeded,
			context.Canceled,
		} {
			w.arrive("sleep", "0").RejectArriving(err)
		}
		w.admit("sleep", "0").Run()
		refused, calls := w.counts.Read()
		want := map[wire.Code]uint64{wire.Unavailable: 1, wire.Overloaded: 2, "of_a_cog": 2, wire.Internal: 1, wire.Timeout: 1, wire.Canceled: 1}
		if diff := cmp.Diff(want, refused); diff != "" || calls != 9 {
			t.Errorf("Read() = %v, %d; want 9 calls, and refused (-want +got):\n%s", refused, calls, diff)
		}
		refused[wire.Overloaded] = 100
		refused["of_a_cog"] = 100
		w.wantRefused(wire.Overloaded, 2) // a caller may change the map that it got
		w.wantRefused("of_a_cog", 2)
	})
}

// TestCounts_manyCodes refuses each call with another code, as a request type can do that
// makes its codes of the text of the request: the codes must not fill memory.
func TestCounts_manyCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		for i := range 1000 {
			w.arrive("sleep", "0").RejectArriving(wire.Errorf(wire.Code(fmt.Sprint("code_", i)), "refused"))
		}
		refused, calls := w.counts.Read()
		if len(refused) != 65 || refused["code_63"] != 1 || refused["others"] != 936 || calls != 1000 {
			t.Errorf("Read() = %v, %d; want 64 codes, and 936 others", refused, calls)
		}
	})
}

// TestCounts_nowhere has calls without a route, and calls of a place without counts, as
// the places of listeners are: nothing counts them.
func TestCounts_nowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		lost := w.arrive("no such route", "")
		if lost.Target() != nil || lost.Aim(nil) {
			t.Errorf("Target() = %v, or Aim(nil) = true; want a call that goes nowhere", lost.Target())
		}
		lost.RejectArriving(wire.Errorf(wire.NoRoute, "no such route"))
		w.want(lost.ID, "no_route", 1)
		w.places["sleep"].Counts = nil
		w.arrive("sleep", "0").RejectArriving(errGone)
		w.admit("sleep", "0").Run()
		if refused, calls := w.counts.Read(); len(refused) != 0 || calls != 0 {
			t.Errorf("Read() = %v, %d; want nothing", refused, calls)
		}

		found := w.arrive("found later", "")
		if !found.Aim(w.places["sleep"]) || found.Target() != w.places["sleep"] || found.MadeFor() != w {
			t.Errorf("Aim() = false, or Target() = %v, MadeFor() = %v; want the place and the maker", found.Target(), found.MadeFor())
		}
	})
}

// TestCounts_times checks that one of eight calls is timed: its wait, and the run of its
// handler.
func TestCounts_times(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		for range 17 { // the first, the ninth and the seventeenth are timed
			c := w.arrive("sleep", "3")
			time.Sleep(time.Second)
			c.Admitted(w.places["sleep"])
			c.Run()
		}
		w.admit("sleep", "0").RejectWaiting(errGone)
		for name, got := range map[string]admin.Histogram{"Queue": w.counts.Queue.Read(), "Handler": w.counts.Handler.Read()} {
			least := map[string]time.Duration{"Queue": time.Second, "Handler": 3 * time.Second}[name]
			if got.Count != 3 || len(got.Buckets) != 1 || got.Buckets[0].Upper < least || got.Buckets[0].Upper > least+least/16 {
				t.Errorf("%s = %+v; want 3 of about %v", name, got, least)
			}
		}
		if _, calls := w.counts.Read(); calls != 18 {
			t.Errorf("Read() counts %d calls; want 18", calls)
		}
	})
}

// TestCounts_late has a handler run past the deadline: the call has reached its handler,
// so it does not count as refused, and it is timed when the handler returns.
func TestCounts_late(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		w.admit("sleep", "60").HandOff()
		time.Sleep(11 * time.Second)
		w.want(1, "timeout", 0)
		w.wantRefused(wire.Timeout, 0)
		if got := w.counts.Handler.Read(); got.Count != 0 {
			t.Errorf("Handler = %+v while the handler runs; want nothing", got)
		}
		time.Sleep(time.Minute)
		if got := w.counts.Handler.Read(); got.Count != 1 || got.Buckets[0].Upper < time.Minute {
			t.Errorf("Handler = %+v; want the minute that the handler ran", got)
		}
	})
}
