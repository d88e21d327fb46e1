package process

import (
	"bytes"
	"context"
	"time"

	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// asked handles a request of the process: a call of a route of the bot, or of a function of
// the cog's host. Its goroutine ends when that call returns. The end of the process cancels
// the call.
func (p *process) asked(f *frames.Frame) {
	kind, id, name, data := f.Kind, f.ID, f.Name, bytes.Clone(f.Body)
	ctx, cancel := context.WithCancelCause(p.alive)
	if f.MS > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, time.Duration(f.MS)*time.Millisecond)
		context.AfterFunc(ctx, stop)
	}
	runtime := p.agent
	p.mu.Lock()
	// The frame may name the call whose handler makes this request. The request then has
	// that call's rights: it may reach its own cog and cogs that are being reloaded.
	if w := p.waiting[f.Parent]; f.Parent != 0 && w != nil && w.ctx != nil {
		if rt := instance.RuntimeOf(w.ctx); rt != nil {
			runtime = rt
		}
	}
	p.asks[id] = func(late bool) {
		if !late { // otherwise the timeout of ctx ends the request
			cancel(context.Canceled)
		}
	}
	p.mu.Unlock()
	p.work.Go(func() {
		defer cancel(nil)
		out, err := p.run(ctx, kind, runtime, name, data)
		p.mu.Lock()
		delete(p.asks, id)
		p.mu.Unlock()
		reply := frames.Frame{Kind: frames.Reply, ID: id, Body: out}
		if err == nil && !reply.Fits() {
			err = wire.Errorf(wire.TooLarge, "the response of %.100q is larger than %d bytes", name, frames.MaxFrame)
		}
		if err != nil {
			reply.Flags, reply.Body = frames.Failed, frames.AppendError(nil, err)
		}
		_ = p.out.Send(&reply) // fails only if the process is gone
	})
}

func (p *process) run(ctx context.Context, kind frames.Kind, runtime instance.Runtime, name string, data []byte) ([]byte, error) {
	switch {
	case kind == frames.Host && p.host == nil:
		return nil, wire.Errorf(wire.Unavailable, "the cog was loaded without a host")
	case kind == frames.Host:
		return p.callHost(ctx, name, data)
	case runtime == nil:
		return nil, wire.Errorf(wire.Unavailable, "there is no bot")
	}
	return runtime.Call(ctx, name, data)
}

// callHost runs a function of the host. The host is user code here: if it panics, or
// returns an error whose methods panic, the bot must go on.
func (p *process) callHost(ctx context.Context, name string, data []byte) (out []byte, err error) {
	err = instance.Protect(func() (err error) {
		out, err = p.host.Call(ctx, name, data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
