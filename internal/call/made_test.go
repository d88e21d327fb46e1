package call_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/internal/call"
)

// family returns calls; the handler of each has made the next one. Each call runs for the
// number of seconds given for it.
func (w *world) family(seconds ...string) []*call.Call {
	var all []*call.Call
	for _, s := range seconds {
		c := w.admit("sleep", s)
		if len(all) > 0 {
			c.Parent = all[len(all)-1]
		}
		c.HandOff()
		all = append(all, c)
	}
	synctest.Wait()
	return all
}

// TestMadeBy checks MadeBy between calls of which one has made the other, directly or
// through more calls.
func TestMadeBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		f := w.family("3", "2", "1")
		other := w.admit("sleep", "1")
		for _, k := range []struct {
			c, by *call.Call
			want  bool
		}{{f[2], f[1], true}, {f[2], f[0], true}, {f[1], f[0], true}, {f[0], f[2], false}, {f[2], f[2], false}, {f[2], other, false}, {other, f[0], false}} {
			if got := k.c.MadeBy(k.by); got != k.want {
				t.Errorf("MadeBy(%d) of call %d = %v; want %v", k.by.ID, k.c.ID, got, k.want)
			}
		}
		if f[0].Maker() != nil || f[1].Maker() != f[0] {
			t.Errorf("Maker() = %v of the first, %v of the second; want none, and the first", f[0].Maker(), f[1].Maker())
		}
		other.Cancel(errGone, context.Canceled)
	})
}

// TestMadeBy_over ends the middle one of three calls. None of its code waits any more, so
// the first call no longer counts as a maker of the third. While the handler of the
// middle call runs on, the call is not over, even if it has been answered.
func TestMadeBy_over(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sleeps)
		f := w.family("5", "1", "5")
		f[1].Cancel(errGone, context.Canceled)
		synctest.Wait()
		if f[2].Maker() != f[1] || !f[2].MadeBy(f[0]) {
			t.Errorf("Maker() = %v while its handler runs; want the cancelled call", f[2].Maker())
		}
		time.Sleep(2 * time.Second)
		if f[2].Maker() != nil || f[2].MadeBy(f[1]) || f[2].MadeBy(f[0]) {
			t.Errorf("Maker() = %v, MadeBy() = %v, %v when that is over; want none", f[2].Maker(), f[2].MadeBy(f[1]), f[2].MadeBy(f[0]))
		}
	})
}
