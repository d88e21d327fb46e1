package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/wire/admin"
)

// A transition is the script of one load, switch, restart or unload. It runs on a
// goroutine of its own, since it waits for user code. Its cog actor starts one at a
// time and reads the fields when it has finished.
type transition struct {
	// fixed at creation
	srv     *Server
	gate    *gate.Gate
	actor   *actor.PID
	command *command
	cog     instance.Spec
	old     *gate.Generation
	number  uint64 // number of the instance that it makes
	began   time.Time
	gap     time.Duration // wait before a reload: see minReloadGap
	cancel  context.CancelFunc

	// owned by the script until it ends, then by the cog actor
	checkpoint instance.State  // the state that was saved last
	subscribed <-chan struct{} // closed when the hosts have carried out the last change of subscriptions
	failures   int             // starts and tasks that failed in a row

	// the outcome; likewise
	current *gate.Generation
	since   time.Time // when current was activated; zero if it was not
	used    uint64    // the newest generation that this transition has made
	result  admin.SwitchResult
	err     error

	spent    bool  // old cannot serve any more, since its state may still be being read
	broken   error // the reason to restart current, which cannot serve any more
	slowSave bool  // saving takes too long to do it while the cog serves
}

var errNoBuilds = errors.New("it is not built from source: there is no build to go back to")

func (t *transition) run(ctx context.Context) {
	t.current = t.old
	if t.old != nil {
		t.result.From = t.old.Number
	}
	switch t.command.what {
	case load:
		t.err = t.start(ctx)
	case replace:
		select {
		case <-time.After(t.gap):
		case <-ctx.Done(): // open will find that ctx has ended
		}
		if t.old == nil {
			t.err = t.start(ctx)
		} else {
			t.err = t.swap(ctx)
		}
		if t.err == nil {
			t.failures = 0
		}
	case unload:
		t.unload()
	case restart:
		t.err = t.restart(ctx)
	case checkpoint:
		t.saveServing(ctx)
	}
	if t.current != nil && t.broken == nil {
		t.result.To = t.current.Number
	}
}

// open runs Setup. No other code of the new generation runs yet.
func (t *transition) open(ctx context.Context) (*gate.Generation, error) {
	if t.command.opts.Rollback && t.old != nil {
		if revision, _ := t.old.Instance.Revision(); revision == "" {
			return nil, errNoBuilds
		}
	}
	a := &router.TaskContext{
		Router:     t.srv.router,
		Cog:        t.cog.Name,
		Generation: t.number,
		Setup:      true,
	}
	// The instance outlives the transition and must not refer to it: otherwise each
	// instance would keep the previous generation alive, and that one its own previous
	// one.
	srv, name := t.srv, t.cog.Name
	i, err := instance.Open(a.Context(ctx), t.cog, instance.Options{
		Generation: t.number,
		Reason:     t.reason(),
		Reload:     func() { srv.requestReload(name) },
	})
	if err != nil {
		if p, ok := errors.AsType[*instance.Panic](err); ok {
			t.srv.log.Error("Setup panicked", "cog", t.cog.Name, "err", err, "stack", clip.Text(string(p.Stack), 1<<16))
		}
		t.dispose(i, t.number)
		return nil, err
	}
	gen := t.gate.Next(t.number, i, t.old)
	revision, took := i.Revision()
	if revision == "" && t.command.opts.Rollback {
		t.dispose(i, t.number)
		return nil, errNoBuilds
	}
	t.result.Revision, t.result.Built = revision, milliseconds(took)
	t.used = t.number
	t.number++
	return gen, nil
}

// reason returns the reason why the transition runs Setup.
func (t *transition) reason() instance.Reason {
	switch {
	case t.command.opts.Rollback:
		return instance.Rollback
	case t.command.what == load:
		return instance.Load
	case t.command.what == replace:
		return instance.Reload
	}
	return instance.Restart // restart, and checkpoint if the old instance could not be saved
}

// start puts an instance in service where none serves: at a load, or after a failure.
func (t *transition) start(ctx context.Context) error {
	next, err := t.open(ctx)
	if err != nil {
		return err
	}
	state := t.checkpoint
	if t.command.opts.Fresh {
		state = nil
	}
	if err = t.restore(next.Instance, state); err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = t.publish(next)
	}
	if err != nil {
		t.dispose(next.Instance, next.Number)
		return err
	}
	t.checkpoint = state
	t.gate.Hold() // tasks may call the cog's own routes at once
	t.activate(next)
	t.gate.Swap(next)
	t.subscribe(next)
	t.current = next
	return nil
}

// activate starts the tasks of gen.
func (t *transition) activate(gen *gate.Generation) {
	t.since = time.Now()
	srv, cog := t.srv, t.actor // as in open: the instance outlives the transition
	a := &router.TaskContext{Router: srv.router, Cog: t.cog.Name, Generation: gen.Number}
	gen.Instance.Start(a.Context(context.Background()),
		func(ctx context.Context, e *instance.Endpoint) {
			if err := srv.router.Tick(ctx, gen, e); err != nil {
				srv.restart(gen, cog, fmt.Errorf("%s: %w", e.Name, err))
			}
		},
		func(err error) {
			if !errors.Is(err, instance.ErrEnded) { // ErrEnded says that the process has ended, not a task
				err = fmt.Errorf("task: %w", err)
			}
			srv.restart(gen, cog, err)
		})
}

// deadline returns the time at which the calls and tasks of an instance should have
// ended.
func (t *transition) deadline() time.Time { return time.Now().Add(t.drainTimeout()) }

// patience is the time limit of functions that save, restore or clean up.
func (t *transition) patience() time.Duration {
	if t.srv.hurry.Err() != nil {
		return drainGrace
	}
	return max(t.drainTimeout(), defaultDrain)
}

func (t *transition) drainTimeout() time.Duration {
	return cmp.Or(t.command.opts.Drain, t.cog.DrainTimeout, defaultDrain)
}

// note tells the operator something, in the log and in the command's result.
func (t *transition) note(format string, args ...any) {
	text := clip.Text(fmt.Sprintf(format, args...), clip.Most)
	t.srv.log.Warn(text, "cog", t.cog.Name)
	if t.result.Note != "" {
		text = t.result.Note + "; " + text
	}
	t.result.Note = clip.Text(text, clip.Most)
}
