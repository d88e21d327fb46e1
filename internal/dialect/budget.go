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
// Two clocks see that time pass. The watchdog counts its patrols; where a single
// processor runs only the reader, the times of the calls that are timed tell.
type budget struct {
	batch   atomic.Uint32 // the number of the read
	patrols atomic.Uint32 // that have passed in it

	// owned by the watchdog
	seen uint32

	// owned by the reader
	began int64       // when the first timed call of the read has arrived, 0 before that
	last  *call.Place // what ran last
}

// budgetTime is how long the calls of one read may take together.
const budgetTime = time.Millisecond

// renew begins a new read.
func (b *budget) renew() {
	b.batch.Add(1)
	if b.patrols.Load() > 0 {
		b.patrols.Store(0)
	}
	b.began, b.last = 0, nil
}

// allows reports whether a quick call may run on the reader's goroutine. When the time
// is up, the route that ran last is not quick any more, and others go on; when it is up
// again, workers take everything until the next read.
func (b *budget) allows(c *call.Call) bool {
	patrols := b.patrols.Load()
	if at := c.SampledAt(); at > 0 {
		if b.began == 0 {
			b.began = at
		}
		patrols += uint32((at - b.began) / int64(budgetTime))
	}
	if patrols > 0 && b.last != nil {
		b.last.Pace.Lag()
	}
	return patrols < 2 && c.Quick()
}

// spend notes that a call of place runs.
func (b *budget) spend(place *call.Place) { b.last = place }

// patrol notes that the watchdog has passed. It knows a read that it has met before.
func (b *budget) patrol() {
	batch := b.batch.Load()
	if batch == b.seen {
		b.patrols.Add(1)
		return
	}
	b.seen = batch
}
