package call_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A far is a process behind a relayed route. It does not answer by itself.
type far struct {
	ctx  context.Context
	done func(out []byte, err error) // nil: nothing was passed on
}

// relays records a relayed route with a limit of a second.
func (f *far) relays(r *cogs.Registrar) {
	(*instance.Recorder)(r).Relay("far", time.Second, func(ctx context.Context, _ []byte, done func([]byte, error)) { f.ctx, f.done = ctx, done })
}

// TestRelay passes calls on and has the other process reply in each way.
func TestRelay(t *testing.T) {
	for _, k := range []struct {
		name   string
		out    string
		err    error
		answer string
	}{
		{"result", `"there"`, nil, `ok "there"`},
		{"nothing", "", nil, "ok null"},
		{"not JSON", "{", nil, "internal"},
		{"error", "", wire.Errorf(wire.NotFound, "nothing there"), "not_found"},
		{"panic", "", &cogs.Panic{Value: "far away"}, "internal"},
	} {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := new(far)
				w := newWorld(t, f.relays)
				w.admit("far", "1").Relay()
				synctest.Wait()
				w.want(1, "", 0)
				w.wantLeft(1, 0)
				f.done([]byte(k.out), k.err)
				f.done([]byte("2"), nil) // a second outcome is ignored
				synctest.Wait()
				w.want(1, k.answer, 1)
				w.wantLeft(1, 1)
				if f.ctx.Err() == nil {
					t.Error("Err() = nil after the reply; want the context ended")
				}
			})
		})
	}
}

// TestRelay_deadline has the other process reply after the deadline, when the caller has
// its answer. The call stays in flight until the reply.
func TestRelay_deadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := new(far)
		w := newWorld(t, f.relays)
		w.admit("far", "1").Relay()
		time.Sleep(2 * time.Second)
		w.want(1, "timeout", 0)
		w.wantLeft(1, 0)
		if f.ctx.Err() != context.DeadlineExceeded {
			t.Errorf("Err() = %v; want %v, which the process is told", f.ctx.Err(), context.DeadlineExceeded)
		}
		f.done(nil, &cogs.Panic{Value: "far away"})
		synctest.Wait()
		w.want(1, "timeout", 1)
		w.wantLeft(1, 1)
		w.wantFailures("1 at nowhere: timeout", "1 at far: panic: far away")
	})
}

// TestRelay_lateTimer lets deadlines pass while the timers of the calls are late, as on a
// busy machine: the call is not passed on then, and a result counts as too late.
func TestRelay_lateTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := new(far)
		w := newWorld(t, f.relays)
		early := w.env.Now()
		time.Sleep(time.Hour)
		c := w.admit("far", "1")
		c.Arrived = early
		c.Relay()
		if f.done != nil {
			t.Error("a call was passed on after its deadline; want only an answer")
		}
		synctest.Wait()
		w.want(1, "timeout", 1)
		w.wantLeft(1, 1)
	})
	// Timers of the same instant fire in random order: in some of the runs the reply
	// comes before the call's own timer.
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			f := new(far)
			w := newWorld(t, f.relays)
			w.admit("far", "1").Relay()
			time.Sleep(time.Second)
			f.done([]byte("1"), nil)
			synctest.Wait()
			w.want(1, "timeout", 1)
			w.wantLeft(1, 1)
		})
	}
}

// TestRelay_givenUp cancels a call while it waits to be passed on: it is left out.
func TestRelay_givenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := new(far)
		w := newWorld(t, f.relays)
		c := w.admit("far", "1")
		c.Cancel(errGone, context.Canceled)
		c.Relay()
		synctest.Wait()
		if f.done != nil {
			t.Error("a call that was given up was passed on")
		}
		w.want(1, "unavailable", 1)
		w.wantLeft(1, 1)
	})
}
