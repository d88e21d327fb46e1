package router

import (
	"cmp"
	"context"
	"time"

	"github.com/cogbus/cogbus/cogs"
)

// A call is the context of its handler. It makes its channel and its timer only
// when somebody asks for them: most handlers are over before.

// Deadline returns when the call's time is over.
func (c *Call) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due()
	return c.deadline, true
}

// due sets the deadline if nobody has needed it so far: looking at the clock
// costs as much as a quick handler. The caller holds mu.
func (c *Call) due() {
	if !c.deadline.IsZero() {
		return
	}
	limit := cmp.Or(c.limit, defaultTimeout)
	if c.patience > 0 {
		limit = min(limit, c.patience)
	}
	c.deadline = time.Now().Add(limit)
}

// Done returns a channel that is closed when the call is given up.
func (c *Call) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doneLocked()
}

// doneLocked is Done for who holds mu.
func (c *Call) doneLocked() <-chan struct{} {
	if c.done == nil {
		c.done = make(chan struct{})
		if c.err != nil {
			close(c.done)
		}
	}
	return c.done
}

// Err returns why the call was given up.
func (c *Call) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Value returns the call for the key of package cogs.
func (c *Call) Value(key any) any {
	if _, ok := key.(cogs.RuntimeKey); ok {
		return c
	}
	return nil
}

// AfterFunc lets package context derive contexts without a goroutine for each.
func (c *Call) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.afterLocked(f)
}

// afterLocked is AfterFunc for who holds mu.
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

// cancel ends the context with err, once.
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

// arm starts the timer that ends the call at its deadline. Calls that run on
// the reader's goroutine get theirs when the watchdog finds them slow.
func (c *Call) arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil && c.err == nil {
		c.due()
		c.timer = time.AfterFunc(time.Until(c.deadline), c.expire)
	}
}

// bound makes the deadline at most limit from now.
func (c *Call) bound(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = limit
	if c.deadline.IsZero() {
		return
	}
	// it was held, and its handler's time begins now
	if until := time.Now().Add(limit); until.Before(c.deadline) {
		c.deadline = until
		if c.timer != nil {
			c.timer.Reset(limit)
		}
	}
}

var _ context.Context = (*Call)(nil)
