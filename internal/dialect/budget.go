package dialect

import (
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/call"
)

// A budget bounds the time for which the calls of one read run one after the other on
// the reader's goroutine: each may be quick, and all of them together be long. The
// calls that came last would be late, and nobody could answer those that have come
// since.
//
// Two clocks see that time pass. The watchdog counts its patrols during which calls
// ran; where a single processor runs only the reader, the times of the calls that are
// timed tell.
type budget struct {
	batch   atomic.Uint32 // the number of the read
	patrols atomic.Uint32 // that have passed in it while calls ran

	// owned by the watchdog
	seen uint32

	// owned by the reader
	arrived int64      // when the read came that has brought several calls, else 0
	counted uint32     // patrols that are accounted for
	window  int64      // when the first timed call since then has arrived, else 0
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
	b.arrived, b.counted, b.window, b.over, b.last = arrived, 0, 0, 0, nil
}

// allows reports whether a quick call may run on the reader's goroutine. When the time
// is up, the route that ran last is not quick any more, and others go on; when it was
// up some times, workers take everything until the next read.
func (b *budget) allows(c *call.Call) bool {
	patrols, at := b.patrols.Load(), c.SampledAt()
	if at > 0 && b.window == 0 {
		b.window = at
	}
	if patrols > b.counted || at-b.window >= int64(budgetTime) {
		b.counted, b.window = patrols, at
		if b.last != nil {
			b.last.Lag()
			b.last = nil
			b.over++
		}
	}
	return b.over < mostOver && c.Quick()
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
