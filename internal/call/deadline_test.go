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

// TestDeadline checks the deadlines of calls: the lower one of the route's limit and the
// caller's, counted from the arrival.
func TestDeadline(t *testing.T) {
	for _, k := range []struct {
		name           string
		route, caller  time.Duration
		arrived, start time.Duration // since the world began; 0: the arrival is not known
		want           time.Duration
	}{
		{"of the route", 10 * time.Second, 0, 0, time.Second, 11 * time.Second},
		{"of the caller", 10 * time.Second, 3 * time.Second, 0, time.Second, 4 * time.Second},
		{"of a caller with patience", 10 * time.Second, time.Hour, 0, time.Second, 11 * time.Second},
		{"of nobody", 0, 0, 0, time.Second, time.Second + call.DefaultTimeout},
		{"since the arrival", 10 * time.Second, 0, 2 * time.Second, 5 * time.Second, 12 * time.Second},
		{"of the caller since the arrival", 10 * time.Second, 6 * time.Second, 2 * time.Second, 5 * time.Second, 8 * time.Second},
	} {
		bubble(t, k.name, func(t *testing.T) {
			began := time.Now()
			var got time.Time
			w := newWorld(t, func(r *cogs.Registrar) {
				cogs.HandleWith(r, "wait", cogs.RouteOptions[wire.Empty]{Timeout: k.route}, func(ctx context.Context, _ wire.Empty) (int, error) {
					got, _ = ctx.Deadline()
					<-ctx.Done()
					return 0, ctx.Err()
				})
			})
			time.Sleep(k.arrived)
			arrived := w.env.Now()
			time.Sleep(k.start - k.arrived)
			c := w.admit("wait", "")
			c.Timeout = k.caller
			if k.arrived > 0 {
				c.Arrived = arrived
			}
			c.HandOff()
			time.Sleep(k.want - k.start - 1)
			w.want(1, "", 0)
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			w.want(1, "timeout", 1)
			if got.Sub(began) != k.want {
				t.Errorf("Deadline() = %v after the start; want %v", got.Sub(began), k.want)
			}
		})
	}
}

// TestDeadline_held holds a call in the gate. The handler's time begins when the gate
// admits the call, but the caller's time begins at the arrival.
func TestDeadline_held(t *testing.T) {
	for _, k := range []struct {
		name         string
		caller, held time.Duration
		next         time.Duration // the route's limit in the next generation
		want         time.Duration
	}{
		{"the next route is quicker", 0, 4 * time.Second, 3 * time.Second, 7 * time.Second},
		{"the next route is slower", 0, 4 * time.Second, time.Hour, 10 * time.Second},
		{"the same limit", 0, 4 * time.Second, 10 * time.Second, 10 * time.Second},
		{"the caller waits for less", 5 * time.Second, 4 * time.Second, 3 * time.Second, 5 * time.Second},
	} {
		bubble(t, k.name, func(t *testing.T) {
			w := newWorld(t, func(r *cogs.Registrar) {
				sleeps(r)
				cogs.HandleWith(r, "next", cogs.RouteOptions[int]{Timeout: k.next}, func(context.Context, int) (int, error) {
					time.Sleep(time.Hour)
					return 1, nil
				})
			})
			c := w.arrive("sleep", "1")
			c.Timeout = k.caller
			c.Hold()
			time.Sleep(k.held)
			if !c.Held() || !c.Admitted(w.places["next"]) {
				t.Fatalf("Held() = %v; want a call that was held, and is admitted", c.Held())
			}
			c.HandOff()
			time.Sleep(k.want - k.held - 1)
			w.want(1, "", 0)
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			w.want(1, "timeout", 0)
			time.Sleep(2 * time.Hour)
			w.want(1, "timeout", 1)
		})
	}
}

// TestDeadline_lateTimer hands calls to a worker that begins with them after their
// deadline: it must not run them. A result at the very instant of the deadline comes too
// late as well, whichever timer fires first.
func TestDeadline_lateTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := false
		w := newWorld(t, func(r *cogs.Registrar) {
			cogs.Handle(r, "run", func(context.Context, int) (int, error) { ran = true; return 1, nil })
		})
		early := w.env.Now()
		time.Sleep(time.Hour)
		c := w.admit("run", "1")
		c.Arrived = early
		c.Arm()
		c.Run()
		synctest.Wait()
		w.want(1, "timeout", 1)
		w.wantLeft(1, 1)
		if ran {
			t.Error("the handler of a call ran after its deadline; want it not to run")
		}
	})
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sleeps)
			w.admit("sleep", "10").HandOff()
			time.Sleep(10 * time.Second)
			synctest.Wait()
			w.want(1, "timeout", 1)
		})
	}
}

// TestStall checks that Stall arms a call on the reader's goroutine, which has no timer
// until then.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		quiet, stalled := w.admit("sleep", "60"), w.admit("sleep", "60")
		for _, c := range []*call.Call{quiet, stalled} {
			go c.RunOnReader() // ends with the handler
		}
		synctest.Wait()
		stalled.Stall()
		time.Sleep(11 * time.Second)
		w.want(quiet.ID, "", 0)
		w.want(stalled.ID, "timeout", 0)
		time.Sleep(time.Minute)
		w.want(quiet.ID, "ok 60", 1)
		w.want(stalled.ID, "timeout", 1)
		if stalled.Pace().Quick() {
			t.Error("Quick() = true of a route that has held up its connection")
		}
	})
}
