package loadtest

import (
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/wire"
)

// A liveness check ends the run if the bot gives no sign of life for giveUp. It
// checks more often than the sampler takes samples.
type liveness struct {
	giveUp    time.Duration
	record    *recorder
	connCount *conns.Counter
	clock     *arrival.Clock
	ending    *ending

	// Owned by the goroutine that runs watch.
	alive time.Duration // the time of the last sign of life
	begun int64         // calls that had begun at the check that saw it
}

// watch checks until ended is closed, or the bot is lost.
func (l *liveness) watch(ended <-chan struct{}) {
	for {
		// often enough to see that connections are lost, and again when giveUp has
		// passed
		wait := min(l.giveUp/10, l.alive+l.giveUp-l.clock.Now())
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-timer.C:
		case <-ended:
			timer.Stop()
			return
		}
		if l.lost(l.clock.Now()) {
			err := wire.Errorf(wire.Unavailable, "nothing was answered for %s, and no connection is left", l.giveUp)
			l.ending.abort(EndLost, err.Message, err)
			return
		}
	}
}

// lost reports whether the bot is lost. The signs of life are:
//   - an answer
//   - an open connection
//   - that no call was made since the last sign and none is under way, so that the
//     bot owes no answer
func (l *liveness) lost(now time.Duration) bool {
	begun := l.record.begun()
	idle := begun == l.begun && l.record.inFlight() == 0
	if replied := l.record.lastReply(); replied > l.alive {
		l.alive, l.begun = replied, begun
	}
	if idle || l.connCount.Opened.Load() > l.connCount.Closed.Load() {
		l.alive, l.begun = now, begun
	}
	return now-l.alive >= l.giveUp
}
