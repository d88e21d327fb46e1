package router

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/cogbus/cogbus/cogs"
)

// TestCancel_atAnyMoment cancels calls of keyed and serial routes while they arrive, are
// admitted, look for their keys, queue and run. Each is counted out once, and none
// keeps a place in a lane.
func TestCancel_atAnyMoment(t *testing.T) {
	key := func(q seconds) string {
		for range q.S % 3 {
			runtime.Gosched()
		}
		return fmt.Sprint(q.S % 2)
	}
	handler := func(context.Context, seconds) (string, error) { runtime.Gosched(); return "", nil }
	b := newBench(t, cogs.Cog{Name: "c", MaxInFlight: 1 << 20, Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.HandleWith(r, "keyed", cogs.RouteOptions[seconds]{Key: key}, handler)
		cogs.HandleWith(r, "serial", cogs.RouteOptions[seconds]{Serial: true}, handler)
		cogs.HandleWith(r, "few", cogs.RouteOptions[seconds]{MaxInFlight: 2}, handler)
		return nil
	}})
	const each = 5000
	var work sync.WaitGroup
	for worker, endpoint := range []string{"keyed", "keyed", "serial", "few"} {
		work.Go(func() {
			for n := range each {
				id := uint64(worker*each + n + 1)
				var given sync.WaitGroup
				given.Go(func() {
					for range n % 7 {
						runtime.Gosched()
					}
					if c := b.caller.Find(id); c != nil {
						c.CancelByCaller([]error{nil, context.DeadlineExceeded}[n%2])
					}
				})
				b.call(id, endpoint, fmt.Sprintf(`{"S":%d}`, n))
				given.Wait()
			}
		})
	}
	work.Wait()
	for wait := time.Now(); b.caller.InFlight()+b.gate.InFlight() != 0; runtime.Gosched() {
		if time.Since(wait) > 10*time.Second {
			t.Fatalf("%d calls of the caller and %d of the gate are in flight; want none", b.caller.InFlight(), b.gate.InFlight())
		}
	}
	if s := b.gate.Stats(); s.Waiting != 0 || s.InFlight != 0 {
		t.Errorf("Stats() = %d waiting, %d in flight; want none", s.Waiting, s.InFlight)
	}
	b.locked(func() {
		for n := range uint64(4 * each) {
			if got := b.answers[n+1]; len(got) != 1 {
				t.Fatalf("call %d got the answers %q; want one", n+1, got)
			}
		}
	})
	b.gate.Hold()
	select {
	case <-b.gate.Drained(b.current):
	default:
		t.Error("the generation is not drained; want it empty")
	}
}
