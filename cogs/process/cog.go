package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/instance"
)

// buildTimeout bounds Setup with the build in it: the first one of all compiles
// the standard library.
const buildTimeout = 10 * time.Minute

// Cog returns the cog whose package is in dir, to run as a process of its own
// under that name. dir is not used if opts name a Binary. A nil opts means the
// zero Options.
func Cog(name, dir string, opts *Options) cogs.Cog {
	s := &artefacts{name: name, dir: dir, opts: opts.withDefaults()}
	return cogs.Cog{Name: name, SetupTimeout: buildTimeout, Setup: func(ctx context.Context, r *cogs.Registrar) error {
		return s.setup(ctx, (*instance.Recorder)(r))
	}}
}

// setup starts the process and records what it offers.
func (a *artefacts) setup(ctx context.Context, r *instance.Recorder) error {
	err := a.open(ctx, r)
	if err != nil && ctx.Err() == nil && !a.isWatched() {
		a.warn()
	}
	return err
}

func (a *artefacts) open(ctx context.Context, r *instance.Recorder) error {
	exe, err := a.artefact(ctx, r.Reason())
	if err != nil {
		return err
	}
	if exe.Revision != "" {
		r.Revision(exe.Revision, exe.Took)
	}
	p, err := start(a.name, exe.Path, &a.opts)
	if err != nil {
		return fmt.Errorf("start %s: %w", exe.Path, err)
	}
	r.Cleanup(p.end)
	r.Kill(p.kill)
	p.host, p.reload = r.Host(), r.RequestReload
	p.agent = instance.RuntimeOf(ctx)
	p.begin()
	offer, err := p.setUp(ctx, r)
	if err != nil {
		return err
	}
	p.record(r, offer)
	run := func(ctx context.Context) error {
		if exe.Revision != "" {
			a.serves(exe.Path, r.Reason() == instance.Rollback)
		}
		if r.Reason() != instance.Restart {
			a.calm()
		}
		err := p.watch(ctx)
		if err != nil {
			a.warn() // the watcher ends with the instance
		}
		return err
	}
	if offer.Tasks {
		r.Go(run) // its tasks touch what is kept
	} else {
		r.Watch(run)
	}
	if a.watches() {
		r.Watch(func(ctx context.Context) error { a.watch(ctx, r.RequestReload); return nil })
	}
	return nil
}

// setUp asks the process to set up.
func (p *process) setUp(ctx context.Context, r *instance.Recorder) (offer frames.Offer, err error) {
	body, err := json.Marshal(frames.Request{
		ABI:        frames.ABI,
		Cog:        p.name,
		Generation: r.Generation(),
		Reason:     string(r.Reason()),
		Restart:    r.Reason() == instance.Restart,
		Host:       p.host != nil,
	})
	if err != nil {
		return offer, err
	}
	text, err := p.exchange(ctx, &frames.Frame{Kind: frames.Setup, Body: body}, p.opts.StartTimeout)
	if errors.Is(err, errNoReply) {
		return offer, fmt.Errorf("the process did not set up within %v", p.opts.StartTimeout)
	}
	if panicked, ok := errors.AsType[*instance.Panic](err); ok {
		return offer, fmt.Errorf("%w%s", err, placeOf(panicked.Stack))
	}
	if err != nil {
		return offer, err
	}
	if err := json.Unmarshal(text, &offer); err != nil {
		return offer, fmt.Errorf("the process answered Setup with what is no offer: %w", err)
	}
	if offer.ABI != frames.ABI {
		return offer, fmt.Errorf("the process speaks version %d of the frames, the bot version %d: build it again", offer.ABI, frames.ABI)
	}
	p.mu.Lock()
	p.up = true
	p.mu.Unlock()
	return offer, nil
}

// saving is how long the process may take to save or restore a value.
const saving = 10 * time.Second

// record records what the process offers.
func (p *process) record(r *instance.Recorder, offer frames.Offer) {
	for _, route := range offer.Routes {
		r.Relay(route.Name, time.Duration(route.Timeout)*time.Millisecond, p.relay(frames.Call, route.Name))
	}
	limit := time.Duration(offer.Timeout) * time.Millisecond
	for _, event := range offer.Events {
		if p.host != nil {
			r.RelayEvents(p.host, event, limit, p.relay(frames.Event, event))
		}
	}
	for i, every := range offer.Ticks {
		r.RelayTicks(time.Duration(every)*time.Millisecond, limit, p.tick(i))
	}
	for _, name := range offer.Keeps {
		save := func() ([]byte, error) {
			return p.exchange(context.Background(), &frames.Frame{Kind: frames.Save, Name: name}, saving)
		}
		restore := func(text []byte) error {
			_, err := p.exchange(context.Background(), &frames.Frame{Kind: frames.Restore, Name: name, Body: text}, saving)
			return err
		}
		r.KeepFunc(name, save, restore)
	}
}

// watch lets the tasks of the process run until ctx ends. It fails when the
// process, or a task, does.
func (p *process) watch(ctx context.Context) error {
	if _, err := p.exchange(ctx, &frames.Frame{Kind: frames.Start}, p.opts.StartTimeout); err != nil && ctx.Err() == nil {
		return err
	}
	select {
	case <-p.ended:
		return p.cause
	case err := <-p.failed:
		return err
	case <-ctx.Done():
	}
	// however long it takes: who waits for the tasks gives up, and ends the process
	_, _ = p.exchange(context.Background(), &frames.Frame{Kind: frames.Stop}, 0)
	return nil
}
