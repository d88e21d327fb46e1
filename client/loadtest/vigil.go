package loadtest

import (
	"time"

	"github.com/cogbus/cogbus/wire"
)

// A vigil looks for signs of life of the bot, more often than samples are taken,
// and ends the run when there was none for GiveUp.
type vigil struct {
	run   *run
	alive time.Duration // when there last was one
	begun int64         // calls, at the look that has seen it
}

// keep looks until ended is closed.
func (v *vigil) keep(ended <-chan struct{}) {
	r := v.run
	for {
		// soon enough to see connections go, and when the time is up
		wait := min(r.GiveUp/10, v.alive+r.GiveUp-r.clock.Now())
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-timer.C:
		case <-ended:
			timer.Stop()
			return
		}
		if v.look(r.clock.Now()) {
			err := wire.Errorf(wire.Unavailable, "nothing was answered for %s, and no connection is left", r.GiveUp)
			r.finish(EndLost, err.Message, err)
			r.cancel()
			return
		}
	}
}

// look reports whether the bot is lost. A connection is a sign of life, as is an
// answer; and a bot that nobody has called since owes none.
func (v *vigil) look(now time.Duration) (lost bool) {
	r := v.run
	begun := r.record.begun()
	idle := begun == v.begun && r.record.inFlight() == 0
	if replied := r.record.lastReply(); replied > v.alive {
		v.alive, v.begun = replied, begun
	}
	if idle || r.connCount.Opened.Load() > r.connCount.Closed.Load() {
		v.alive, v.begun = now, begun
	}
	return now-v.alive >= r.GiveUp
}
