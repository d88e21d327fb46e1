package child

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/wire"
)

type reply struct {
	body []byte
	err  error
}

// An asker is a call that waits for an answer of the bot. If the bot then makes a call into
// this cog on its behalf, that call must not wait for the asker: a serial cog would wait
// for itself.
type asker struct {
	call *call.Call
	asks int // the number of answers that the call waits for
}

// ask runs a route of the bot. It is the function of router.Options.Upstream.
func (c *child) ask(ctx context.Context, parent *call.Call, endpoint string, data []byte) ([]byte, error) {
	f := frames.Frame{Kind: frames.Ask, Name: endpoint, Body: data}
	if parent != nil {
		f.Parent = router.Origin(parent)
		c.waits(f.Parent, parent, 1)
		defer c.waits(f.Parent, parent, -1)
	}
	return c.request(ctx, &f)
}

func (c *child) waits(id uint64, asking *call.Call, change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.askers[id]
	if a == nil {
		a = &asker{}
		c.askers[id] = a
	}
	a.call = asking
	if a.asks += change; a.asks == 0 {
		delete(c.askers, id)
	}
}

// asker returns the call that the bot knows by that id, if the call waits for the bot.
func (c *child) asker(id uint64) *call.Call {
	if id == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.askers[id]; a != nil {
		return a.call
	}
	return nil
}

// request sends f and waits for the reply, or for the end of ctx: the bot may take longer
// to give up, or may run a function that never returns.
func (c *child) request(ctx context.Context, f *frames.Frame) ([]byte, error) {
	f.ID = c.lastID.Add(1)
	if until, ok := ctx.Deadline(); ok {
		f.MS = uint32(min(max(time.Until(until).Milliseconds(), 1), 1<<32-1))
	}
	if !f.Fits() {
		return nil, wire.Errorf(wire.TooLarge, "the request for %q has %d bytes; at most %d", f.Name, len(f.Body), frames.MaxFrame)
	}
	answer := make(chan reply, 1)
	c.mu.Lock()
	c.asked[f.ID] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.asked, f.ID)
		c.mu.Unlock()
	}()
	if err := c.out.Send(f); err != nil {
		return nil, wire.Errorf(wire.Unavailable, "ask the bot: %v", err)
	}
	select {
	case r := <-answer:
		return r.body, r.err
	case <-ctx.Done():
	}
	cancel := frames.Frame{Kind: frames.Cancel, ID: f.ID}
	err := wire.Errorf(wire.Canceled, "the caller of %q gave up", f.Name)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		cancel.Flags = frames.Late
		err = wire.Errorf(wire.Timeout, "no answer from %q in time", f.Name)
	}
	_ = c.out.Send(&cancel)
	return nil, err
}

func (c *child) answered(f *frames.Frame) {
	c.mu.Lock()
	answer := c.asked[f.ID]
	delete(c.asked, f.ID)
	c.mu.Unlock()
	switch {
	case answer == nil:
	case f.Flags&frames.Failed != 0:
		answer <- reply{err: frames.ParseError(f.Body)}
	default:
		answer <- reply{body: bytes.Clone(f.Body)}
	}
}

// A host passes calls of the cog's host on to the bot.
type host struct{ c *child }

// Call implements instance.Host.
func (h *host) Call(ctx context.Context, name string, data []byte) ([]byte, error) {
	return h.c.request(ctx, &frames.Frame{Kind: frames.Host, Name: name, Body: data})
}

// Subscribe implements instance.Host. It does nothing: the bot knows the events from the
// Offer, and sends them.
func (h *host) Subscribe(string, func([]byte)) (cancel func()) { return func() {} }
