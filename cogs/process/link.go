package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A pending is a call, event, tick or order that the process has not answered yet.
type pending struct {
	ctx  context.Context // the context of a call, an event or a tick; nil for an order
	call *call.Call      // the call that ctx belongs to
	done func(body []byte, err error)
	stop func() bool // stops the AfterFunc that cancels at the end of ctx
}

var (
	errNoReply = fmt.Errorf("the process does not answer: %w", instance.ErrLeftBehind)
	errGone    = wire.Errorf(wire.Unavailable, "the cog's process has ended")
)

// relay returns a function that passes calls or events on to the process.
func (p *process) relay(kind frames.Kind, name string) instance.RelayFunc {
	return func(ctx context.Context, data []byte, done func([]byte, error)) {
		f := frames.Frame{Kind: kind, Name: name, Body: data}
		if kind == frames.Call {
			info := cogs.CallInfo(ctx)
			f.From = info.Dialect + " " + info.Caller
			if info.Client != "" {
				f.From += "\t" + info.Client
			}
			if info.Admin {
				f.Flags = frames.Admin
			}
		}
		p.pass(ctx, &f, done)
	}
}

// tick returns a function that passes the ticks with number n on to the process.
func (p *process) tick(n int) instance.RelayFunc {
	number := []byte(strconv.Itoa(n))
	return func(ctx context.Context, _ []byte, done func([]byte, error)) {
		p.pass(ctx, &frames.Frame{Kind: frames.Tick, Body: number}, done)
	}
}

// pass sends a call, an event or a tick to the process. It calls done when the process has
// answered or has ended.
func (p *process) pass(ctx context.Context, f *frames.Frame, done func([]byte, error)) {
	f.ID = p.lastID.Add(1)
	if until, ok := ctx.Deadline(); ok {
		f.MS = uint32(min(max(time.Until(until).Milliseconds(), 1), 1<<32-1))
	}
	if !f.Fits() {
		done(nil, wire.Errorf(wire.TooLarge, "%d bytes for %.100q; at most %d", len(f.Body), f.Name, frames.MaxFrame))
		return
	}
	w := &pending{ctx: ctx, call: call.Of(ctx), done: done}
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		done(nil, errGone)
		return
	}
	f.Parent = p.nameOf(ctx)
	id := f.ID
	cancel := func() {
		c := frames.Frame{Kind: frames.Cancel, ID: id}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			c.Flags = frames.Late
		}
		_ = p.out.Send(&c)
	}
	w.stop = context.AfterFunc(ctx, cancel)
	p.waiting[id] = w
	// Gather copies the body under mu: the memory of the body belongs to others as soon as
	// done was called, and done is only called after its caller has taken w from waiting
	// under mu.
	err := p.out.Gather(f)
	p.mu.Unlock()
	if err != nil {
		p.broken(err)
		p.settle(id, nil, wire.Errorf(wire.Unavailable, "%v", err))
		return
	}
	p.out.Flush()
	if ctx.Err() != nil {
		cancel() // the AfterFunc may have sent its cancel before the call
	}
}

// broken closes the connection if a write has failed, since the process is of no use then.
// A full queue is no such failure.
func (p *process) broken(err error) {
	if !errors.Is(err, frames.ErrFull) {
		_ = p.conn.Close() // read then ends the process
	}
}

// nameOf returns the id by which the process knows the call whose handler has made the call
// of ctx, directly or through other cogs. It returns 0 if there is none. The caller holds
// mu.
func (p *process) nameOf(ctx context.Context) uint64 {
	c := call.Of(ctx)
	if c == nil {
		return 0
	}
	for m := c.Maker(); m != nil; m = m.Maker() {
		for id, w := range p.waiting {
			if w.call == m {
				return id
			}
		}
	}
	return 0
}

// exchange sends an order and waits for the reply, for at most limit. A limit of zero means
// no limit.
func (p *process) exchange(ctx context.Context, f *frames.Frame, limit time.Duration) ([]byte, error) {
	type reply struct {
		body []byte
		err  error
	}
	if !f.Fits() {
		return nil, wire.Errorf(wire.TooLarge, "%d bytes; at most %d", len(f.Body), frames.MaxFrame)
	}
	f.ID = p.lastID.Add(1)
	answer := make(chan reply, 1)
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		<-p.ended
		return nil, p.cause
	}
	p.waiting[f.ID] = &pending{done: func(body []byte, err error) { answer <- reply{bytes.Clone(body), err} }}
	p.mu.Unlock()
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	err := p.out.Send(f)
	if err != nil && !errors.Is(err, frames.ErrFull) {
		p.broken(err)
		<-p.ended
		return nil, p.cause
	}
	if err == nil {
		select {
		case r := <-answer:
			return r.body, r.err
		case <-p.ended:
			return nil, p.cause
		case <-ctx.Done():
			err = ctx.Err()
		case <-late:
			err = errNoReply
		}
	}
	p.mu.Lock()
	delete(p.waiting, f.ID) // a later reply is of no use
	p.mu.Unlock()
	return nil, err
}

var errInterrupted = wire.Errorf(wire.Interrupted, "the cog's process ended while the call ran")

// settle ends the call, event, tick or order with that id.
func (p *process) settle(id uint64, body []byte, err error) {
	p.mu.Lock()
	w := p.waiting[id]
	delete(p.waiting, id)
	p.mu.Unlock()
	if w == nil {
		return // the bot has not asked, or has stopped waiting
	}
	if w.stop != nil {
		w.stop()
	}
	w.done(body, err)
}

// receive handles a frame of the process. It does not wait.
func (p *process) receive(f *frames.Frame) {
	switch f.Kind {
	case frames.Reply:
		if f.Flags&frames.Failed != 0 {
			p.settle(f.ID, nil, parseError(f.Body))
		} else {
			p.settle(f.ID, f.Body, nil)
		}
	case frames.Ask, frames.Host:
		p.asked(f)
	case frames.Cancel:
		p.mu.Lock()
		cancel := p.asks[f.ID]
		p.mu.Unlock()
		if cancel != nil {
			cancel(f.Flags&frames.Late != 0)
		}
	case frames.Reload:
		p.reload()
	case frames.Fail:
		select {
		case p.failed <- parseError(f.Body):
		default: // one failure is enough to restart the cog
		}
	}
}

// parseError decodes an error of the process. If the process recovered a panic, the error
// is an *instance.Panic.
func parseError(body []byte) error {
	err := frames.ParseError(body)
	if f, ok := errors.AsType[*frames.Foreign](err); ok && f.Panicked {
		return &instance.Panic{Value: f.Message, Stack: []byte(f.Stack)}
	}
	return err
}
