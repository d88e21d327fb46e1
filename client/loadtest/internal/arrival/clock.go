package arrival

import (
	"context"
	"time"
)

// A Clock tells the time since a run began, and sleeps until times of the run. All
// methods but SleepUntil may be called by several goroutines at once.
type Clock struct {
	began   time.Time
	precise *preciseTimer // nil if the system has none
}

// NewClock starts a clock. In a testing/synctest bubble, which has a clock of its
// own, SleepUntil uses the timers of the bubble.
func NewClock() *Clock {
	c := &Clock{}
	if realClock() {
		c.precise = newPreciseTimer()
	}
	c.began = time.Now()
	return c
}

// Close releases the timer of the kernel.
func (c *Clock) Close() {
	if c.precise != nil {
		c.precise.close()
	}
}

// Began returns the time at which the clock was started.
func (c *Clock) Began() time.Time { return c.began }

// Now returns the time since the clock was started.
func (c *Clock) Now() time.Duration { return time.Since(c.began) }

// Wait waits until a time, or until ctx is done. It reports whether ctx is not done.
func (c *Clock) Wait(ctx context.Context, until time.Duration) bool {
	Pause(ctx, until-c.Now())
	return ctx.Err() == nil
}

// leastSleep limits how often the pacing goroutine wakes up. A sleep costs some
// 20 µs of processor time, so one sleep a call would take most of a core at 20,000
// calls a second, and the callers need that core. Because of it, calls are up to
// this much later than they are due; the lag shows it, and the response time
// includes it.
const leastSleep = 100 * time.Microsecond

// SleepUntil waits until a time, but no less than leastSleep if that time is in the
// future, or until ctx is done. It is more precise than Wait, because the timers of
// an idle Go program may be late by a millisecond and more, which would be added to
// the latency of every call that is due then. It reports whether ctx is not done,
// and may notice that as late as coarse.
func (c *Clock) SleepUntil(ctx context.Context, until time.Duration) bool {
	if d := until - c.Now(); d > 0 {
		c.sleep(ctx, max(d, leastSleep))
	}
	return ctx.Err() == nil
}

// A precise sleep does not notice that its context is done. So a sleep of coarse or
// more begins with an ordinary one, which does.
const coarse = 50 * time.Millisecond

func (c *Clock) sleep(ctx context.Context, d time.Duration) {
	if c.precise == nil {
		Pause(ctx, d)
		return
	}
	end := time.Now().Add(d)
	if d >= coarse {
		Pause(ctx, d-coarse/2)
		d = time.Until(end)
	}
	if ctx.Err() == nil && d > 0 && !c.precise.sleep(d) {
		Pause(ctx, d)
	}
}

// Pause waits for d, or until ctx is done.
func Pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
