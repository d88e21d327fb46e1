package loadtest

import (
	"context"
	"time"
)

// A sleeper waits. The timers of an idle Go program may be late by a millisecond
// and more, which would be found in the latency of every call that is due then.
type sleeper struct{ precise *preciseTimer } // nil: there is none here

// newSleeper returns a sleeper. In a testing/synctest bubble, whose clock is not
// the machine's, it waits as everything else does there.
func newSleeper() sleeper {
	if !realClock() {
		return sleeper{}
	}
	return sleeper{newPreciseTimer()}
}

// A precise sleep of coarse or more begins with another one, which notices that its
// context is done.
const coarse = 50 * time.Millisecond

// sleep waits for d, or until ctx is done, which it may notice as late as coarse.
func (s sleeper) sleep(ctx context.Context, d time.Duration) {
	if s.precise == nil {
		pause(ctx, d)
		return
	}
	end := time.Now().Add(d)
	if d >= coarse {
		pause(ctx, d-coarse/2)
		d = time.Until(end)
	}
	if ctx.Err() == nil && d > 0 && !s.precise.sleep(d) {
		pause(ctx, d)
	}
}

func (s sleeper) close() {
	if s.precise != nil {
		s.precise.close()
	}
}
