package router

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire"
)

// TestStats_afterASwitch has calls of a generation run on and wait in its lane while
// the next one serves. They are counted until they have ended.
func TestStats_afterASwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sleeper())
		b.call(1, "sleep", `{"S":10}`)
		b.call(2, "serial", `{"S":10}`)
		b.call(3, "serial", `{"S":10}`)
		synctest.Wait()
		want := func(when string, inFlight, waiting int) {
			t.Helper()
			synctest.Wait()
			if s := b.gate.Stats(); s.InFlight != inFlight || s.Waiting != waiting || s.Calls != 3 {
				t.Errorf("Stats() %s = %d in flight, %d waiting, %d calls; want %d, %d and 3", when, s.InFlight, s.Waiting, s.Calls, inFlight, waiting)
			}
		}
		want("before the switch", 3, 1)
		b.gate.Swap(b.next())
		b.gate.Swap(b.next()) // nothing of the first generation is left
		want("behind it", 3, 1)
		time.Sleep(11 * time.Second)
		want("later", 1, 0)
		time.Sleep(10 * time.Second)
		want("in the end", 0, 0)
	})
}

// TestStats_refused refuses calls that no gate has seen, and calls with a code of the
// cog's own.
func TestStats_refused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sleeper())
		b.call(1, "sleep", `{"S":1}`)
		b.call(1, "sleep", "")
		b.caller.Limit = 1
		b.call(2, "sleep", "")
		b.call(3, "nothing", "") // nobody's
		time.Sleep(2 * time.Second)
		synctest.Wait()
		b.gate.RefuseAll(wire.Errorf("closed", "until Monday"))
		b.call(4, "sleep", "")
		s := b.gate.Stats()
		if diff := cmp.Diff(map[wire.Code]uint64{wire.BadRequest: 1, wire.Overloaded: 1, "closed": 1}, s.Refused); s.Calls != 4 || diff != "" {
			t.Errorf("Stats() = %d calls; want 4, and refused ones that do not differ (-want +got):\n%s", s.Calls, diff)
		}
	})
}
