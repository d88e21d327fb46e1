package router

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// insidePeer answers calls that cogs make of each other, and those of events
// and ticks, which nobody waits for.
type insidePeer struct{}

type outcome struct {
	data []byte
	err  error
}

func (insidePeer) Name() string                    { return "local" }
func (insidePeer) Head(dst []byte, _ *Call) []byte { return dst }
func (insidePeer) Tail(dst []byte) []byte          { return dst }
func (insidePeer) Fail(dst []byte, c *Call, err error) []byte {
	c.inner.failure = public(err)
	return dst
}

func (insidePeer) Send(c *Call, text []byte, _ bool) {
	switch in := c.inner; {
	case in.outcome == nil && in.sent != nil:
		in.sent(in.reason())
	case in.outcome == nil:
	case in.failure != nil:
		in.outcome <- outcome{err: in.failure}
	default:
		in.outcome <- outcome{data: bytes.Clone(text)}
	}
}

// public returns what a caller may know of err.
func public(err error) *wire.Error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	return wire.Errorf(wire.Internal, "the handler failed; the bot's log tells why")
}

// Local runs a route for code of the bot. parent is the call that the code
// belongs to, if any.
func (s *Router) Local(ctx context.Context, parent *Call, caller, endpoint string, data []byte) ([]byte, error) {
	if s.Outside != nil {
		return s.Outside(ctx, parent, endpoint, data)
	}
	c := &Call{
		session:  s.Inside,
		endpoint: endpoint,
		data:     data,
		parent:   parent,
		inner:    &inner{caller: caller, outcome: make(chan outcome, 1)},
		admin:    true,
	}
	if until, ok := ctx.Deadline(); ok {
		c.patience = max(time.Until(until), 1)
	}
	if c.target = s.table.Load().routes[endpoint]; c.target != nil {
		c.arrive()
	}
	if err := s.Inside.Enter(c); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.GiveUp(ctx.Err()) })
	defer stop()
	if s.Admit(c) {
		c.HandOff()
	}
	o := <-c.inner.outcome
	return o.data, o.err
}

// Tick runs a tick of gen as one of its calls and waits until it is over, or ctx
// is done: the tick itself goes on then, like any call. The error is
// that of the handler: a tick that a limit refuses is left out.
func (s *Router) Tick(ctx context.Context, gen *Generation, e *cogs.Endpoint) error {
	c := &Call{
		session:  s.Inside,
		endpoint: e.Name,
		inner:    &inner{caller: gen.gate.Name, outcome: make(chan outcome, 1), finished: make(chan struct{})},
		admin:    true,
		target:   gen.ticks[e],
	}
	if s.Inside.Enter(c) != nil {
		return nil
	}
	if s.Admit(c) {
		c.HandOff()
	}
	select {
	case <-c.inner.finished: // and not when it is answered: it may run on for long
	case <-ctx.Done():
		return nil // what runs of it ends like other calls
	}
	<-c.inner.outcome
	return c.inner.cause
}

// GiveUp ends a call because its caller's context has ended.
func (c *Call) GiveUp(cause error) {
	if errors.Is(cause, context.DeadlineExceeded) {
		c.expire()
		return
	}
	c.Abandon(wire.Errorf(wire.Canceled, "the caller of %q gave up", c.endpoint), context.Canceled)
}

// An Agent is what the contexts of Setup and of tasks belong to.
type Agent struct {
	Router     *Router
	Cog        string
	Generation uint64
	Restart    bool // in Setup: the instance before has failed
	Rollback   bool // in Setup: the build before is asked for
	Setup      bool
}

// Info tells which cog the context belongs to.
func (a *Agent) Info() cogs.Info {
	return cogs.Info{Cog: a.Cog, Generation: a.Generation, Caller: a.Cog, Dialect: "local", Restart: a.Restart, Rollback: a.Rollback, Admin: true}
}

// Call runs a route of the bot.
func (a *Agent) Call(ctx context.Context, endpoint string, data []byte) ([]byte, error) {
	return a.Router.Local(ctx, nil, a.Cog, endpoint, data)
}

// Context returns a context that belongs to a.
func (a *Agent) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, cogs.RuntimeKey{}, cogs.Runtime(a))
}
