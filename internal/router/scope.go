package router

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// A scope is the context of a handler. A handler may keep it for as long as it
// likes, while the call that it is for is used again for another request: then it
// is the context of a call that has ended, whatever becomes of that one. Calls hold
// most of what a request takes; without being used again they would be most of what
// the garbage collector has to do.
type scope struct {
	call  *Call
	route *route // the call's
}

func (c *Call) newScope() *scope {
	s := &scope{call: c, route: c.route}
	c.scope.Store(s)
	return s
}

// live reports whether the call is still the scope's. The caller holds its mu,
// which keeps it so.
func (s *scope) live() bool { return s.call.scope.Load() == s }

// share returns the call, which is then not used again, or nil if it was.
func (s *scope) share() *Call {
	c := s.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.live() {
		return nil
	}
	c.shared = true
	return c
}

// Deadline returns when the call's time is over, if it has not ended.
func (s *scope) Deadline() (time.Time, bool) {
	c := s.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.live() {
		return time.Time{}, false
	}
	c.due()
	return c.deadline, true
}

// Done returns a channel that is closed when the call is given up, or has ended.
func (s *scope) Done() <-chan struct{} {
	c := s.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.live() {
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	return c.doneLocked()
}

// Err returns why the call was given up.
func (s *scope) Err() error {
	c := s.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.live() {
		return context.Canceled
	}
	return c.err
}

// Value returns the scope for the key of package cogs.
func (s *scope) Value(key any) any {
	if _, ok := key.(cogs.RuntimeKey); ok {
		return s
	}
	return nil
}

// AfterFunc lets package context derive contexts without a goroutine for each.
func (s *scope) AfterFunc(f func()) (stop func() bool) {
	c := s.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.live() {
		go f() // as context.AfterFunc does; f ends by itself
		return func() bool { return false }
	}
	return c.afterLocked(f)
}

// Info tells handlers of the call; see cogs.CallInfo. When the call has ended and is
// used again, it tells where it was served, and no more.
func (s *scope) Info() cogs.Info {
	c := s.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.live() {
		return c.infoLocked()
	}
	return cogs.Info{
		Cog:        s.route.generation.gate.Name,
		Generation: s.route.generation.Number,
		Endpoint:   s.route.endpoint.Name,
	}
}

// Call runs a route of the bot for the handler; see cogs.Call.
func (s *scope) Call(ctx context.Context, endpoint string, data []byte) ([]byte, error) {
	c := s.share()
	if c == nil {
		return nil, wire.Errorf(wire.Canceled, "call %s: the call that the context belongs to has ended", endpoint)
	}
	return c.Call(ctx, endpoint, data)
}

// Free lets a call be used again that RunHere has served, whose handler was not
// found slow. It does nothing where others may still know the call. The caller does
// not use it afterwards.
func (c *Call) Free() {
	if !c.reusable {
		return
	}
	c.mu.Lock()
	if c.shared || c.timer != nil {
		c.mu.Unlock()
		return
	}
	c.scope.Store(nil)
	c.limit, c.deadline, c.done, c.err, c.after = 0, time.Time{}, nil, nil, nil
	c.mu.Unlock()
	pool := &c.session.Router.calls
	c.session, c.endpoint, c.data, c.buffer = nil, "", nil, nil
	c.target, c.route, c.turn = nil, nil, nil
	c.inline, c.reusable = false, false
	c.clock = uncounted
	c.answered.Store(false)
	c.stage.Store(arriving)
	pool.Put(c)
}

var _ context.Context = (*scope)(nil)
