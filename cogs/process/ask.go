package process

import (
	"bytes"
	"context"
	"time"

	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// asked runs what the process asks for: a route of the bot, or a function of its
// host. The goroutine ends when that does, which the end of the process makes
// it do.
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
	// a call that this one is made for: what holds for its own cog's calls, and
	// for cogs that are being reloaded, holds for what it calls
	if w := p.waiting[f.Parent]; f.Parent != 0 && w != nil && w.ctx != nil {
		if rt := instance.RuntimeOf(w.ctx); rt != nil {
			runtime = rt
		}
	}
	p.asks[id] = func(late bool) {
		if !late { // else the timeout does it
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
		_ = p.out.Send(&reply) // else the process is gone
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

// callHost runs a function of the host, which is user code here: what it panics with, or
// an error that nobody can look at, must not end the bot.
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
