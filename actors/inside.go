package actors

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

func (insidePeer) name() string                               { return "local" }
func (insidePeer) head(dst []byte, _ *call) []byte            { return dst }
func (insidePeer) tail(dst []byte) []byte                     { return dst }
func (insidePeer) fail(dst []byte, c *call, err error) []byte { c.failure = public(err); return dst }

func (insidePeer) send(c *call, text []byte, _ bool) {
	if c.outcome == nil {
		return
	}
	if c.failure != nil {
		c.outcome <- outcome{err: c.failure}
		return
	}
	c.outcome <- outcome{data: bytes.Clone(text)}
}

// public returns what a caller may know of err.
func public(err error) *wire.Error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	return wire.Errorf(wire.Internal, "the handler failed; the bot's log tells why")
}

// local runs a route for code of the bot. parent is the call that the code
// belongs to, if any.
func (s *Server) local(ctx context.Context, parent *call, caller, endpoint string, data []byte) ([]byte, error) {
	c := &call{
		session:  s.inside,
		endpoint: endpoint,
		data:     data,
		parent:   parent,
		caller:   caller,
		admin:    true,
		outcome:  make(chan outcome, 1),
	}
	if until, ok := ctx.Deadline(); ok {
		c.patience = max(time.Until(until), 1)
	}
	if err := s.inside.enter(c); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.giveUp(ctx.Err()) })
	defer stop()
	if s.admit(c) {
		c.handOff()
	}
	o := <-c.outcome
	return o.data, o.err
}

// tick runs a tick of gen as one of its calls and waits for it. The error is
// that of the handler: a tick that a limit refuses is left out.
func (s *Server) tick(ctx context.Context, gen *generation, e *cogs.Endpoint) error {
	c := &call{
		session:  s.inside,
		endpoint: e.Name,
		caller:   gen.gate.name,
		admin:    true,
		target:   gen.ticks[e],
		outcome:  make(chan outcome, 1),
	}
	if s.inside.enter(c) != nil {
		return nil
	}
	stop := context.AfterFunc(ctx, func() { c.giveUp(ctx.Err()) })
	defer stop()
	if s.admit(c) {
		c.handOff()
	}
	<-c.outcome
	if ctx.Err() != nil {
		return nil // it was told to end
	}
	return c.cause
}

// giveUp ends a call because its caller's context has ended.
func (c *call) giveUp(cause error) {
	if errors.Is(cause, context.DeadlineExceeded) {
		c.expire()
		return
	}
	c.abandon(wire.Errorf(wire.Canceled, "the caller of %q gave up", c.endpoint), context.Canceled)
}

// An agent is what the contexts of Setup, tasks and ticks belong to.
type agent struct {
	srv        *Server
	cog        string
	generation uint64
}

// Info tells which cog the context belongs to.
func (a *agent) Info() cogs.Info {
	return cogs.Info{Cog: a.cog, Generation: a.generation, Caller: a.cog, Dialect: "local", Admin: true}
}

// Call runs a route of the bot.
func (a *agent) Call(ctx context.Context, endpoint string, data []byte) ([]byte, error) {
	return a.srv.local(ctx, nil, a.cog, endpoint, data)
}

func (a *agent) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, cogs.RuntimeKey{}, cogs.Runtime(a))
}
