package call

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A handlerContext is the context of a handler. A handler may keep it for as long as it
// likes. Meanwhile the Call may be used again for another request; from then on the
// context answers as the context of a call that has ended. Calls are most of the memory
// that a request allocates, so using them again halves the work of the garbage collector.
type handlerContext struct {
	call  *Call
	place *Place
}

func (c *Call) newContext() *handlerContext {
	h := &handlerContext{call: c, place: c.place}
	c.context.Store(h)
	return h
}

// Of returns the call to which ctx belongs. It returns nil if ctx belongs to no call, or
// if the call already serves another request. The caller may keep the call that it gets:
// Of marks it as shared, and such a call is never used again.
func Of(ctx context.Context) *Call {
	if h, ok := ctx.Value(instance.RuntimeKey{}).(*handlerContext); ok {
		return h.share()
	}
	return nil
}

// ownLocked reports whether the call still belongs to the context. The caller must hold
// the call's mu; the result is true for as long as it does.
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

// Deadline returns the call's deadline, if the call has not ended.
func (h *handlerContext) Deadline() (time.Time, bool) {
	c := h.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if !h.ownLocked() {
		return time.Time{}, false
	}
	return c.deadlineLocked(), true
}

// Done returns a channel that is closed when the call is cancelled or over.
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

// Err returns the reason why the context has ended, nil if it has not.
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

// Info describes the call for cogs.CallInfo. If the call has ended and serves another
// request, Info tells only the cog and the endpoint.
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
