package router

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// An insider is the common part of the makers inside the bot. Their answers go to no
// client.
type insider struct{ router *Router }

// localDialect is the dialect that cogs.CallInfo reports for calls from inside the bot.
const localDialect = "local"

func (insider) Head(dst []byte, _ *call.Call) []byte { return dst }
func (insider) Tail(dst []byte) []byte               { return dst }
func (insider) Over(*call.Call)                      {}

func (insider) Fail(dst []byte, _ *call.Call, _ error) []byte { return dst }

func (i insider) Answer(c *call.Call, _ []byte, _ bool) (seen bool) { return i.router.inside.remove(c) }

// make returns a call of the bot's own code, and notes it.
func (i insider) make(q call.Request, m call.Maker, target *call.Place) (*call.Call, *wire.Error) {
	c := i.router.env.New(m, target)
	c.Request = q
	c.ID, c.Origin, c.Admin = i.router.lastID.Add(1), &i.router.origin, true
	return c, i.router.inside.add(c)
}

// run admits a call and lets a worker run it.
func (i insider) run(c *call.Call) {
	if i.router.Admit(c) {
		c.HandOff()
	}
}

// A local makes a call of one route for code of the bot. That code waits for the
// outcome.
type local struct {
	insider
	failure *wire.Error  // written before outcome
	outcome chan outcome // has room for one
}

type outcome struct {
	data []byte
	err  error
}

func (l *local) Fail(dst []byte, _ *call.Call, err error) []byte {
	l.failure = call.Public(err)
	return dst
}

func (l *local) Answer(c *call.Call, text []byte, flush bool) (seen bool) {
	seen = l.insider.Answer(c, text, flush)
	if l.failure != nil {
		l.outcome <- outcome{err: l.failure}
	} else {
		l.outcome <- outcome{data: bytes.Clone(text)}
	}
	return seen
}

// Local runs a route for code of the bot, in a cog. parent is the call whose handler
// asks for it, or nil.
func (r *Router) Local(ctx context.Context, parent *call.Call, cog, endpoint string, data []byte) ([]byte, error) {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, wire.Errorf(wire.Timeout, "call %.100q: the time of the context was over before", endpoint)
	case err != nil:
		return nil, wire.Errorf(wire.Canceled, "call %.100q: the context had ended before", endpoint)
	}
	if r.o.Upstream != nil {
		return r.o.Upstream(ctx, parent, endpoint, data)
	}
	l := &local{insider: insider{r}, outcome: make(chan outcome, 1)}
	q := call.Request{Endpoint: endpoint, Data: data, Parent: parent, Caller: cog}
	if until, ok := ctx.Deadline(); ok {
		q.Timeout = max(time.Until(until), 1)
	}
	c, err := l.make(q, l, (*r.table.Load())[endpoint])
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.CancelByCaller(ctx.Err()) })
	defer stop()
	l.run(c)
	o := <-l.outcome
	return o.data, o.err
}
