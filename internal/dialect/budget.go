package dialect

import (
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/router"
)

// A budget bounds the time for which the calls of one read run one after the other on
// the reader's goroutine: each may be quick, and all of them together be long. The
// calls that came last would be late, and nobody could answer those that have come
// since.
//
// Two things see that time pass. The watchdog counts its patrols during which calls
// ran; and where a read has brought several calls, the reader itself looks at the clock
// behind the first, the second, the fourth, and each eighth.
type budget struct {
	batch   atomic.Uint32 // the number of the read
	patrols atomic.Uint32 // that have passed in it while calls ran

	// owned by the watchdog
	seen uint32

	// owned by the reader
	arrived int64      // when the read came that has brought several calls, else 0
	counted uint32     // patrols that are accounted for
	window  int64      // since when the time counts
	calls   int        // of the read
	over    int        // how often the time was up
	last    *call.Pace // of the route that ran last; nil: none since the time was up
}

const (
	budgetTime = time.Millisecond // that the calls of a read may take together
	mostOver   = 3                // how often the time may be up before workers take all calls
)

// renew begins a new read, which has arrived at that time if it brought several calls.
func (b *budget) renew(arrived int64) {
	b.batch.Add(1)
	if b.patrols.Load() > 0 {
		b.patrols.Store(0)
	}
	b.arrived, b.counted, b.window, b.calls, b.over, b.last = arrived, 0, arrived, 0, 0, nil
}

// allows reports whether a quick call may run on the reader's goroutine. When the time
// is up, the route that ran last is not quick any more, and others go on; when it was
// up some times, workers take everything until the next read.
func (b *budget) allows(c *call.Call, clock *router.Router) bool {
	patrols := b.patrols.Load()
	up := patrols > b.counted
	if b.arrived > 0 && b.looks() {
		if now := clock.Now(); now-b.window >= int64(budgetTime) {
			up, b.window = true, now
		}
	}
	if b.counted = patrols; up && b.last != nil {
		b.last.Lag()
		b.last = nil
		b.over++
	}
	return b.over < mostOver && c.Quick()
}

// looks reports whether to look at the clock before the next call.
func (b *budget) looks() bool {
	ran := b.calls
	b.calls++
	return ran > 0 && (ran&(ran-1) == 0 || ran%8 == 0)
}

// spend notes that a call of a route with that pace runs.
func (b *budget) spend(pace *call.Pace) { b.last = pace }

// patrol notes that the watchdog has passed while calls ran. It knows a read that it
// has met before.
func (b *budget) patrol() {
	batch := b.batch.Load()
	if batch == b.seen {
		b.patrols.Add(1)
		return
	}
	b.seen = batch
}
