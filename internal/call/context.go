package call

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A handlerContext is the context of a handler. A handler may keep it for as long as it
// likes, while the call for which it was made is used again for another request: then
// it is the context of a call that has ended. Calls hold most of the memory that a
// request allocates, so using them again halves the work of the garbage collector.
type handlerContext struct {
	call  *Call
	place *Place
}

func (c *Call) newContext() *handlerContext {
	h := &handlerContext{call: c, place: c.place}
	c.context.Store(h)
	return h
}

// Of returns the call that ctx belongs to, nil if ctx belongs to none, or to one that
// is used again. The caller may keep the call, since it is not used again from then on.
func Of(ctx context.Context) *Call {
	if h, ok := ctx.Value(instance.RuntimeKey{}).(*handlerContext); ok {
		return h.share()
	}
	return nil
}

// ownLocked reports whether the call still belongs to the context. That stays so while
// the call's mu is held.
func (h *handlerContext) ownLocked() bool { return h.call.context.Load() == h }

func (h *handlerContext) share() *Call {
	c := h.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !h.ownLocked() {
		return nil
	}
	c.shared = true
	return c
}

// Deadline returns when the call's time is over, if the call has not ended.
func (h *handlerContext) Deadline() (time.Time, bool) {
	c := h.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !h.ownLocked() {
		return time.Time{}, false
	}
	return c.deadlineLocked(), true
}

// Done returns a channel that is closed when the call is given up, or has ended.
func (h *handlerContext) Done() <-chan struct{} {
	c := h.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !h.ownLocked() {
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	return c.doneLocked()
}

// Err returns why the call was given up.
func (h *handlerContext) Err() error {
	c := h.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !h.ownLocked() {
		return context.Canceled
	}
	return c.err
}

// Value returns the context itself for the key of package cogs.
func (h *handlerContext) Value(key any) any {
	if _, ok := key.(instance.RuntimeKey); ok {
		return h
	}
	return nil
}

// AfterFunc lets package context derive contexts without a goroutine for each.
func (h *handlerContext) AfterFunc(f func()) (stop func() bool) {
	c := h.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !h.ownLocked() {
		go f() // as context.AfterFunc does; f ends by itself
		return func() bool { return false }
	}
	return c.afterLocked(f)
}

// Info tells handlers of the call; see cogs.CallInfo. When the call has ended and is
// used again, it tells only where it was served.
func (h *handlerContext) Info() instance.Info {
	i := instance.Info{Cog: h.place.Cog, Generation: h.place.Generation, Endpoint: h.place.Endpoint.Name}
	c := h.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.ownLocked() {
		i.Caller, i.Admin, i.Deadline = c.Caller, c.Admin, c.deadlineLocked()
		i.Dialect, i.Client = c.Origin.Dialect, c.Origin.Client
	}
	return i
}

// Call runs a route of the bot for the handler; see cogs.Call.
func (h *handlerContext) Call(ctx context.Context, endpoint string, data []byte) ([]byte, error) {
	c := h.share()
	if c == nil {
		return nil, wire.Errorf(wire.Canceled, "call %s: the call that the context belongs to has ended", endpoint)
	}
	return c.env.Local(ctx, c, h.place.Cog, endpoint, data)
}

var _ context.Context = (*handlerContext)(nil)
