package call

import (
	"cmp"
	"time"
)

// DefaultTimeout is the time limit of a handler for which the cog sets none, and of a
// call whose context has no deadline.
const DefaultTimeout = 30 * time.Second

// A call gets its deadline, its timer and its channel only when some code needs them,
// because most handlers return before.
//
//   - Arm sets the timer. It is called wherever a call begins to wait: in a gate that
//     holds it, in lanes, and for a worker.
//   - A call on its reader's goroutine has no timer until the watchdog finds it slow. So
//     it may miss its deadline by up to watchTime.
//   - If the maker does not know when the request arrived, the time counts from the first
//     read of the deadline. For a short time limit that would be too late, so Stamp reads
//     the clock at once.

// exactBelow is the time limit below which deadlines are exact.
const exactBelow = time.Second

// watchTime is the longest time until the watchdog arms a call that RunOnReader runs.
const watchTime = 2 * time.Millisecond

// isShort reports whether the call's deadline is exact.
func (c *Call) isShort() bool {
	return c.Timeout > 0 && c.Timeout < exactBelow || c.limit > 0 && c.limit < exactBelow
}

// Stamp sets the arrival of the request to now, if its maker did not set it and if the
// call's time limit is short. Calls with more time are left alone, because reading the
// clock for each call would cost too much.
func (c *Call) Stamp() {
	if c.Arrived == 0 && c.isShort() {
		c.Arrived = c.env.Now()
	}
}

// clock returns the current time for a call whose deadline is exact. For other calls it
// returns read, the time that its caller has read before, or zero.
func (c *Call) clock(read time.Time) time.Time {
	if read.IsZero() && c.isShort() {
		return time.Now()
	}
	return read
}

// deadlineLocked returns the deadline. The time counts from the arrival of the request
// if the maker has set it, otherwise from the first call of deadlineLocked: reading the
// clock earlier, for each call, would cost as much as a quick handler.
func (c *Call) deadlineLocked() time.Time {
	if c.deadline.IsZero() {
		limit := cmp.Or(c.limit, DefaultTimeout)
		if c.Timeout > 0 {
			limit = min(limit, c.Timeout)
		}
		arrived := time.Now()
		if c.Arrived > 0 {
			arrived = c.env.began.Add(time.Duration(c.Arrived - 1)) // Now is one more
		}
		c.deadline = arrived.Add(limit)
	}
	return c.deadline
}

// Arm starts the timer that ends the call at its deadline.
func (c *Call) Arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil && c.err == nil {
		c.timer = time.AfterFunc(time.Until(c.deadlineLocked()), c.onDeadline)
	}
}

// isLate reports whether the deadline, if there is one, has passed at now. It is false
// for the zero time.
func (c *Call) isLate(now time.Time) bool {
	if now.IsZero() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.IsZero() && c.Arrived == 0 {
		return false
	}
	return !now.Before(c.deadlineLocked())
}

// endsSoon reports whether the deadline passes before the watchdog can look at the call.
// clock returns the zero time for calls whose deadline is far, so it is false for that.
func (c *Call) endsSoon(now time.Time) bool { return !now.IsZero() && c.isLate(now.Add(watchTime)) }

// shorten makes the deadline at most limit from now.
func (c *Call) shorten(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = limit
	if c.deadline.IsZero() {
		return
	}
	// A gate held the call, and its handler's time begins now.
	if until := time.Now().Add(limit); until.Before(c.deadline) {
		c.deadline = until
		if c.timer != nil {
			c.timer.Reset(limit)
		}
	}
}

// Err returns the reason why the call's context has ended, nil if it has not.
func (c *Call) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// cancel ends the handler's context with err, once.
func (c *Call) cancel(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	if c.done != nil {
		close(c.done)
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	after := c.after
	c.after = nil
	c.mu.Unlock()
	for f := range after {
		go (*f)() // as package context does
	}
}

// doneLocked returns the channel that cancel closes.
func (c *Call) doneLocked() <-chan struct{} {
	if c.done == nil {
		c.done = make(chan struct{})
		if c.err != nil {
			close(c.done)
		}
	}
	return c.done
}

// afterLocked has f called when the context ends.
func (c *Call) afterLocked(f func()) (stop func() bool) {
	if c.err != nil {
		go f() // as context.AfterFunc does; f ends by itself
		return func() bool { return false }
	}
	if c.after == nil {
		c.after = map[*func()]bool{}
	}
	key := &f
	c.after[key] = true
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		pending := c.after[key]
		delete(c.after, key)
		return pending
	}
}
