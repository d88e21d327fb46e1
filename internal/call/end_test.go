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

// sleeps records a route that sleeps without regard to its context, and then answers.
func sleeps(r *cogs.Registrar) {
	cogs.HandleWith(r, "sleep", cogs.RouteOptions[int]{Timeout: 10 * time.Second}, func(_ context.Context, s int) (int, error) {
		time.Sleep(time.Duration(s) * time.Second)
		return s, nil
	})
}

var errGone = wire.Errorf(wire.Unavailable, "the cog is gone")

// TestCall_ends ends calls at each stage in each way. Each call must get one answer, give
// back its place if it had one, and count as refused if no handler ran.
func TestCall_ends(t *testing.T) {
	cancel := func(c *call.Call) { c.Cancel(errGone, context.Canceled) }
	for _, k := range []struct {
		name     string
		admitted bool
		end      func(c *call.Call)
		answer   string
		failed   string
	}{
		{"arriving, cancelled", false, cancel, "unavailable", "at nowhere: unavailable"},
		{"arriving, rejected", false, func(c *call.Call) { c.RejectArriving(errGone) }, "unavailable", "at nowhere: unavailable"},
		{"held, rejected", false, func(c *call.Call) { c.Hold(); c.RejectArriving(errGone) }, "unavailable", "at nowhere: unavailable"},
		{"held, until its deadline", false, func(c *call.Call) { c.Hold(); time.Sleep(11 * time.Second) }, "timeout", "at nowhere: timeout"},
		{"waiting, cancelled", true, cancel, "unavailable", "at nowhere: unavailable"},
		{"waiting, rejected", true, func(c *call.Call) { c.RejectWaiting(errGone) }, "unavailable", "at sleep: unavailable"},
		{"waiting, rejected by another goroutine", true, func(c *call.Call) { c.RejectQueued(errGone) }, "unavailable", "at sleep: unavailable"},
		{"waiting, until its deadline", true, func(c *call.Call) { c.Arm(); time.Sleep(11 * time.Second) }, "timeout", "at nowhere: timeout"},
	} {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, sleeps)
				c, left := w.arrive("sleep", "0"), 0
				if k.admitted {
					c, left = w.admit("sleep", "0"), 1
				}
				k.end(c)
				synctest.Wait()
				w.want(c.ID, k.answer, 1)
				w.wantLeft(c.ID, left)
				w.wantRefused(wire.Code(k.answer), 1)
				w.wantFailures(k.failed)
				if !c.Over() || c.Place() != nil || c.Err() == nil {
					t.Errorf("Over() = %v, Place() = %v, Err() = %v; want a call that is over", c.Over(), c.Place(), c.Err())
				}

				// A second end comes too late and changes nothing.
				if c.Cancel(errGone, context.Canceled) {
					t.Error("Cancel() = true; want false for a call that has its answer")
				}
				c.RejectArriving(errGone)
				c.RejectWaiting(errGone)
				c.RejectQueued(errGone)
				c.Drop()
				if !k.admitted && c.Admitted(w.places["sleep"]) {
					t.Error("Admitted() = true; want false for a call that was given up")
				}
				if k.admitted {
					c.HandOff()
				}
				time.Sleep(time.Minute)
				w.want(c.ID, k.answer, 1)
				w.wantLeft(c.ID, left)
				w.wantRefused(wire.Code(k.answer), 1)
			})
		})
	}
}

// TestCancel_running cancels a call while its handler runs on: the caller gets its answer
// at once, and the place stays taken until the handler returns.
func TestCancel_running(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		c := w.admit("sleep", "5")
		c.HandOff()
		synctest.Wait()
		if c.Cancel(errGone, context.Canceled) != true || c.Cancel(errGone, context.Canceled) != false {
			t.Error("Cancel reports another thing than that the first one has ended the call")
		}
		synctest.Wait()
		w.want(c.ID, "unavailable", 0)
		w.wantLeft(c.ID, 0)
		time.Sleep(6 * time.Second)
		w.want(c.ID, "unavailable", 1)
		w.wantLeft(c.ID, 1)
		w.wantRefused(wire.Unavailable, 0) // because the call has reached its handler
	})
}

// TestCancel_answerOnReturn checks that the answer of a cancelled call waits until its
// handler has returned, and that a call whose handler has not begun is answered at once.
func TestCancel_answerOnReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		w.env.AnswerOnReturn = true
		runs, waits := w.admit("sleep", "5"), w.admit("sleep", "5")
		runs.HandOff()
		synctest.Wait()
		if runs.Cancel(errGone, context.Canceled) {
			t.Error("Cancel() = true of a call that runs; want false, since its handler's return answers it")
		}
		if !waits.Cancel(errGone, context.Canceled) {
			t.Error("Cancel() = false of a call that waits; want true")
		}
		synctest.Wait()
		w.want(runs.ID, "", 0)
		w.want(waits.ID, "unavailable", 1)
		if runs.Err() == nil {
			t.Error("Err() = nil; want the cause: the handler must know")
		}
		time.Sleep(6 * time.Second)
		w.want(runs.ID, "ok 5", 1)
	})
}

// TestDrop checks that a dropped call counts neither as a failure nor as refused.
func TestDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		c := w.arrive("sleep", "0")
		c.Buffer = buffer.New()
		c.Drop()
		c.Drop()
		synctest.Wait()
		if got := w.answers[c.ID]; len(got) != 1 || got[0] != "" || w.overs[c.ID] != 1 {
			t.Errorf("Drop told %q, and Over %d times; want one empty answer, and once", got, w.overs[c.ID])
		}
		w.wantFailures()
		if refused, _ := w.counts.Read(); len(refused) != 0 {
			t.Errorf("Read() = %v; want nothing refused", refused)
		}
		admitted := w.admit("sleep", "0")
		admitted.Drop()
		w.want(admitted.ID, "", 0) // Drop leaves it alone, because its place must be given back
	})
}

// TestCancelByCaller checks the code of a call whose caller's context has ended.
func TestCancelByCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		for _, k := range []struct {
			cause error
			want  string
			ctx   error
		}{
			{context.DeadlineExceeded, "timeout", context.DeadlineExceeded},
			{context.Canceled, "canceled", context.Canceled},
			{nil, "canceled", context.Canceled},
		} {
			c := w.admit("sleep", "0")
			c.CancelByCaller(k.cause)
			synctest.Wait()
			w.want(c.ID, k.want, 1)
			if c.Err() != k.ctx { //nolint:errorlint // contexts return these themselves
				t.Errorf("CancelByCaller(%v): Err() = %v; want %v", k.cause, c.Err(), k.ctx)
			}
		}
	})
}
