package dialect

import (
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/router"
)

// A budget bounds the time for which the calls of one read run one after the other on
// the reader's goroutine. Each call may be quick, and all of them together slow: then
// the last ones would be late, and no goroutine could answer the requests that have
// come meanwhile.
//
// Two parties see that time pass. The watchdog counts its patrols during which calls
// ran. And if a read has brought several calls, the reader itself looks at the clock
// behind the first, the second, the fourth, and each eighth call.
type budget struct {
	batch   atomic.Uint32 // the number of the read
	patrols atomic.Uint32 // patrols in this read during which calls ran
	seen    uint32        // owned by the watchdog

	// owned by the reader
	arrived int64      // when the read came, if it has brought several calls; otherwise 0
	window  int64      // the start of the time that counts
	counted uint32     // patrols that allows has seen
	calls   uint32     // calls of the read so far
	over    uint32     // how often the time was up
	last    *call.Pace // pace of the route that ran last; nil: none since the time was up
}

const (
	budgetTime = time.Millisecond // for all calls of a read together
	mostOver   = 3                // when the time was up so often, workers take all calls
)

// renew begins a new read. arrived is the time at which it came if it has brought
// several calls, otherwise 0.
func (b *budget) renew(arrived int64) {
	b.batch.Add(1)
	if b.patrols.Load() > 0 {
		b.patrols.Store(0)
	}
	b.arrived, b.counted, b.window, b.calls, b.over, b.last = arrived, 0, arrived, 0, 0, nil
}

// allows reports whether a quick call may run on the reader's goroutine. When the time is
// up, the route that ran last does not count as quick any more, and other routes go on.
// When the time was up mostOver times, workers take all calls until the next read.
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

// looks reports whether allows must look at the clock before the next call.
func (b *budget) looks() bool {
	ran := b.calls
	b.calls++
	return ran > 0 && (ran&(ran-1) == 0 || ran%8 == 0)
}

// spend notes that a call of a route with that pace runs.
func (b *budget) spend(pace *call.Pace) { b.last = pace }

// patrol notes that the watchdog has passed while calls ran. It counts only from the
// second patrol of a read.
func (b *budget) patrol() {
	batch := b.batch.Load()
	if batch == b.seen {
		b.patrols.Add(1)
		return
	}
	b.seen = batch
}
