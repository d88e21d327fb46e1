package gate_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
)

// A far stands for a process behind relayed routes: it notes the calls that are passed
// on, and replies when the test says so.
type far struct {
	w     *world
	slow  time.Duration // the time that passing a call on takes
	leave string        // the data at which the relay calls runtime.Goexit
	done  map[string]func(out []byte, err error)
}

func (f *far) relay(_ context.Context, data []byte, done func([]byte, error)) {
	time.Sleep(f.slow)
	f.w.note("%s", data)
	if string(data) == f.leave {
		runtime.Goexit()
	}
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.done[string(data)] = done
}

func (f *far) routes(r *cogs.Registrar) {
	(*instance.Recorder)(r).Relay("one", 0, f.relay)
	(*instance.Recorder)(r).Relay("two", 0, f.relay)
}

func newFar(w *world) *far { return &far{w: w, done: map[string]func([]byte, error){}} }

// TestOutbox_order checks that calls of several routes are passed on one after the other,
// in the order of admission: also while more calls come, and held calls before these.
func TestOutbox_order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := newFar(w)
		f.slow = time.Second
		c := w.load(cogs.Cog{Name: "c"}, f.routes)
		var want []string
		send := func(n int) {
			w.call([]string{"one", "two"}[n%2], fmt.Sprint(n))
			want = append(want, fmt.Sprint(n))
		}
		send(0)
		send(1)
		c.Hold()
		send(2)
		send(3)
		c.Reopen()
		send(4)
		time.Sleep(1500 * time.Millisecond)
		send(5)
		time.Sleep(time.Minute / 4)
		w.wantNotes(want...)
		send(6) // after the worker has ended
		time.Sleep(5 * time.Second)
		w.wantNotes("6")
		if n := c.gen.InFlight(); n != 7 {
			t.Errorf("InFlight() = %d; want 7, since nothing has replied", n)
		}
	})
}

// TestOutbox_goexit has a relay end the worker: its call fails, and the other calls are
// passed on.
func TestOutbox_goexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := newFar(w)
		f.leave = "1"
		c := w.load(cogs.Cog{Name: "c"}, f.routes)
		c.Hold()
		w.call("one", "0")
		bad := w.call("one", "1")
		last := w.call("two", "2")
		c.Reopen()
		w.wantNotes("0", "1", "2")
		w.want(bad, "internal")
		w.want(last, "")
		f.done["2"]([]byte(`"there"`), nil)
		w.want(last, `ok "there"`)
		w.want(w.call("one", "3"), "")
		w.wantNotes("3")
		if n := c.gen.InFlight(); n != 2 {
			t.Errorf("InFlight() = %d; want the two that have no reply", n)
		}
	})
}

// TestOutbox_givenUp cancels a call while it waits to be passed on: it is left out.
func TestOutbox_givenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := newFar(w)
		f.slow = time.Second
		c := w.load(cogs.Cog{Name: "c"}, f.routes)
		w.call("one", "0")
		gone := w.call("one", "1")
		w.call("two", "2")
		synctest.Wait()
		gone.Cancel(errGone, context.Canceled)
		time.Sleep(5 * time.Second)
		w.wantNotes("0", "2")
		w.want(gone, "unavailable")
		c.RefuseAll(errGone)
		c.wantDrained(c.gen, false)
		f.done["0"](nil, errGone)
		f.done["2"](nil, errGone)
		c.wantDrained(c.gen, true)
	})
}
