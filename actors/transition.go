package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/wire/admin"
)

// A transition is the script of one load, switch, restart or unload. It runs on
// a goroutine of its own, since it waits for user code; its cog actor starts one
// at a time and reads the fields when it has finished.
type transition struct {
	srv    *Server
	gate   *gate.Gate
	actor  *actor.PID
	order  *order
	cog    cogs.Cog
	old    *gate.Generation
	number uint64 // of the instance that it makes
	began  time.Time
	rest   time.Duration // before a reload: see breather
	cancel context.CancelFunc

	checkpoint cogs.State      // the state that was saved last
	subscribed <-chan struct{} // closed when the hosts have carried out the last change of subscriptions
	failures   int             // starts and tasks that failed in a row

	// the outcome
	current *gate.Generation
	since   time.Time // when it was activated; zero if it was not
	used    uint64    // the newest generation that was made
	result  admin.SwitchResult
	err     error

	spent    bool  // the state of old may still be being read: it cannot serve any more
	broken   error // why current, which cannot serve any more, is to be restarted
	slowSave bool  // saving takes too long to be done while the cog serves
}

var errNoBuilds = errors.New("it is not built from source: there is no build to go back to")

func (t *transition) run(ctx context.Context) {
	t.current = t.old
	if t.old != nil {
		t.result.From = t.old.Number
	}
	switch t.order.what {
	case load:
		t.err = t.start(ctx)
	case replace:
		select {
		case <-time.After(t.rest):
		case <-ctx.Done(): // Setup will find it so
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

// open runs Setup. Nothing of the new generation runs yet.
func (t *transition) open(ctx context.Context) (*gate.Generation, error) {
	if t.order.opts.Rollback && t.old != nil {
		if build, _ := t.old.Instance.Build(); build == "" {
			return nil, errNoBuilds
		}
	}
	a := &router.TaskContext{
		Router:     t.srv.router,
		Cog:        t.cog.Name,
		Generation: t.number,
		Restart:    t.order.what == restart || t.order.what == checkpoint,
		Rollback:   t.order.opts.Rollback,
		Setup:      true,
	}
	// these outlive the transition and must not hold it: it knows the generation
	// before, whose own closures would hold the one before that
	srv, name := t.srv, t.cog.Name
	instance, err := cogs.Open(a.Context(ctx), t.cog, func() { srv.requestReload(name) })
	if err != nil {
		if p, ok := errors.AsType[*cogs.Panic](err); ok {
			t.srv.log.Error("Setup panicked", "cog", t.cog.Name, "err", err, "stack", clip.Text(string(p.Stack), 1<<16))
		}
		t.dispose(instance, t.number)
		return nil, err
	}
	gen := t.gate.Next(t.number, instance, t.old)
	build, took := instance.Build()
	if build == "" && t.order.opts.Rollback {
		t.dispose(instance, t.number)
		return nil, errNoBuilds
	}
	t.result.Build, t.result.Built = build, milliseconds(took)
	t.used = t.number
	t.number++
	return gen, nil
}

// start puts a first instance in service, or one after a failure.
func (t *transition) start(ctx context.Context) error {
	next, err := t.open(ctx)
	if err != nil {
		return err
	}
	state := t.checkpoint
	if t.order.opts.Fresh {
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
	srv, cog := t.srv, t.actor // as in open: these outlive the transition
	a := &router.TaskContext{Router: srv.router, Cog: t.cog.Name, Generation: gen.Number}
	gen.Instance.Start(a.Context(context.Background()),
		func(ctx context.Context, e *cogs.Endpoint) {
			if err := srv.router.Tick(ctx, gen, e); err != nil {
				srv.restart(gen, cog, fmt.Errorf("%s: %w", e.Name, err))
			}
		},
		func(err error) {
			if !errors.Is(err, cogs.ErrEnded) { // a process that ended is no task
				err = fmt.Errorf("task: %w", err)
			}
			srv.restart(gen, cog, err)
		})
}

// deadline is when what runs of an instance should have ended.
func (t *transition) deadline() time.Time { return time.Now().Add(t.drainTimeout()) }

// patience is how long functions that save, restore or clean up may take.
func (t *transition) patience() time.Duration { return max(t.drainTimeout(), defaultDrain) }

func (t *transition) drainTimeout() time.Duration {
	return cmp.Or(t.order.opts.Drain, t.cog.DrainTimeout, defaultDrain)
}

// note tells the operator something, in the log and in the answer.
func (t *transition) note(format string, args ...any) {
	text := clip.Text(fmt.Sprintf(format, args...), clip.Most)
	t.srv.log.Warn(text, "cog", t.cog.Name)
	if t.result.Note != "" {
		text = t.result.Note + "; " + text
	}
	t.result.Note = clip.Text(text, clip.Most)
}
