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

// buildTimeout limits Setup together with its build. The very first build compiles the
// standard library.
const buildTimeout = 10 * time.Minute

// Cog returns a cog with that name which runs as a process of its own. The bot builds the
// process from the package in the folder dir, at each load and each reload. dir is relative
// to the working directory of the bot, not to the source file that calls Cog. If opts name
// a Binary, dir is not used. Cog copies *opts; nil means the zero Options.
//
// Cog itself does no work and cannot fail. A load or a reload of the cog fails, with the
// reason in its error, if the package cannot be built, or if the process does not start or
// its Setup fails. The errors of a package that does not compile have one line for each
// message of the compiler.
func Cog(name, dir string, opts *Options) cogs.Cog {
	s := &artefacts{name: name, dir: dir, opts: opts.withDefaults()}
	return cogs.Cog{Name: name, SetupTimeout: buildTimeout, Setup: func(ctx context.Context, r *cogs.Registrar) error {
		return s.setup(ctx, (*instance.Recorder)(r))
	}}
}

// setup starts the process, and records the routes, events, ticks and kept values that it
// offers.
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
			a.warn() // the watcher ends with this instance
		}
		return err
	}
	if offer.Tasks {
		r.Go(run) // tasks of the process may change the kept values
	} else {
		r.Watch(run)
	}
	if a.watches() {
		r.Watch(func(ctx context.Context) error { a.watch(ctx, r.RequestReload); return nil })
	}
	return nil
}

// setUp sends the order to run Setup, and returns the process's offer.
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
		return offer, fmt.Errorf("the process answered Setup with an invalid offer: %w", err)
	}
	if offer.ABI != frames.ABI {
		return offer, fmt.Errorf("the process uses version %d of the frames, the bot version %d; build the cog again", offer.ABI, frames.ABI)
	}
	p.mu.Lock()
	p.up = true
	p.mu.Unlock()
	return offer, nil
}

// saving is the time limit of the process for saving or restoring one value.
const saving = 10 * time.Second

// record records the routes, events, ticks and kept values of the process's offer.
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

// watch lets the tasks of the process run until ctx ends. It returns an error if the
// process ends first, or if one of its tasks fails.
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
	// without a limit: the bot stops waiting for this task at its own limit, and then ends
	// the process
	_, _ = p.exchange(context.Background(), &frames.Frame{Kind: frames.Stop}, 0)
	return nil
}
