package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/wire"
)

// A transition is the script of one load, switch, restart or unload. It runs on
// a goroutine of its own, since it waits for user code; its cog actor starts one
// at a time and reads the fields when it has finished.
type transition struct {
	srv    *Server
	gate   *router.Gate
	actor  *actor.PID
	order  *order
	cog    cogs.Cog
	old    *router.Generation
	number uint64 // of the instance that it makes
	began  time.Time
	rest   time.Duration // before a reload: see breather
	cancel context.CancelFunc

	checkpoint cogs.State // what was last saved
	failures   int        // starts and tasks that failed in a row

	// the outcome
	current *router.Generation
	since   time.Time // when it was activated; zero if it was not
	used    uint64    // the newest generation that was made
	result  wire.Switched
	err     error

	slowSave bool // saving takes too long to be done while the cog serves
}

// Restarts, as in the table of failures in docs/architecture.md.
const (
	firstBackoff = 100 * time.Millisecond
	worstBackoff = 30 * time.Second
	maxFailedRun = 8 // failures in a row
	healthy      = 60 * time.Second
	leaveState   = 2 // failed starts after which the checkpoint is left out
)

// breather is the time between two reloads of a cog. A watcher that asks for one
// after the other in a loop would keep the processors from the other cogs, and
// their connections from being looked at.
const breather = time.Millisecond

// Saving while a cog serves.
const (
	checkpointTime = 10 * time.Second
	checkpointWait = 20 * time.Millisecond // for the running calls to end
	slowSave       = 50 * time.Millisecond // more is not done to a cog again
)

// retrying tells the cog actor when the next try of a restart is.
type retrying struct{ at time.Time }

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
		t.saveServing()
	}
	if t.current != nil {
		t.result.To = t.current.Number
	}
}

// open runs Setup. Nothing of the new generation runs yet.
func (t *transition) open(ctx context.Context) (*router.Generation, error) {
	if t.order.opts.Rollback && t.old != nil {
		if build, _ := t.old.Instance.Build(); build == "" {
			return nil, errNoBuilds
		}
	}
	a := &router.Agent{
		Router:     t.srv.router,
		Cog:        t.cog.Name,
		Generation: t.number,
		Restart:    t.order.what == restart,
		Rollback:   t.order.opts.Rollback,
		Setup:      true,
	}
	// these outlive the transition and must not hold it: it knows the generation
	// before, whose own closures would hold the one before that
	srv, name := t.srv, t.cog.Name
	instance, err := cogs.Open(a.Context(ctx), t.cog, func() { srv.requestReload(name) })
	if err != nil {
		if p, ok := errors.AsType[*cogs.Panic](err); ok {
			t.srv.log.Error("Setup panicked", "cog", t.cog.Name, "err", err, "stack", string(p.Stack))
		}
		return nil, err
	}
	gen := router.NewGeneration(t.gate, t.number, instance, t.old)
	build, took := instance.Build()
	if build == "" && t.order.opts.Rollback {
		t.clean(gen)
		return nil, errNoBuilds
	}
	t.result.Build, t.result.Built = build, milliseconds(took)
	t.used = t.number
	t.number++
	return gen, nil
}

var errNoBuilds = errors.New("it is not built from source: there is no build to go back to")

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
	err = within(t.patience(), func() error { return next.Instance.Restore(state) })
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = t.publish(next)
	}
	if err != nil {
		t.clean(next)
		return err
	}
	t.checkpoint = state
	t.gate.Hold() // tasks may call the cog's own routes at once
	t.activate(next)
	t.gate.Swap(next)
	t.gate.Subscribe(t.srv.router, next)
	t.current = next
	return nil
}

// swap replaces the instance that serves. Until the new one is published,
// nothing has happened to the old one.
func (t *transition) swap(ctx context.Context) error {
	next, err := t.open(ctx)
	if err != nil {
		return err
	}
	held := !t.order.opts.Fresh && t.old.Instance.Keeps() && next.Instance.Keeps()
	routes := []*router.Generation{next}
	if held { // it may be rolled back: no route may be missed meanwhile
		routes = append(routes, t.old)
	}
	if err := t.publish(routes...); err != nil {
		t.clean(next)
		return err
	}
	t.srv.system.Root.Send(t.actor, &setupPassed{t.order})
	if held {
		return t.swapHeld(next)
	}
	t.swapOpen(next)
	return nil
}

// swapOpen switches with nothing to hand over: calls go on without a pause.
func (t *transition) swapOpen(next *router.Generation) {
	t.gate.Swap(next)
	t.gate.Subscribe(t.srv.router, next)
	t.checkpoint = nil
	deadline := time.After(t.drainTimeout())
	// tasks may hold what only one can have: the old ones end first
	tasks := t.old.Instance.Stop()
	select {
	case <-tasks:
	case <-deadline:
		t.note("a task of generation %d does not end", t.old.Number)
	}
	t.activate(next)
	t.current = next
	t.drain(t.old, deadline, wire.Errorf(wire.Unavailable, "cog %q was reloaded before the call was done", t.cog.Name))
	t.retire(t.old)
}

// swapHeld switches with state to hand over: calls wait meanwhile.
func (t *transition) swapHeld(next *router.Generation) error {
	paused := time.Now()
	t.gate.Hold()
	state, err := t.save()
	if err == nil {
		err = within(t.patience(), func() error { return next.Instance.Restore(state) })
	}
	if err != nil {
		t.result.Held = t.rollBack(next)
		t.result.Paused = milliseconds(time.Since(paused))
		return err
	}
	t.checkpoint = state
	t.activate(next)
	t.result.Held = t.gate.Swap(next)
	t.result.Paused = milliseconds(time.Since(paused))
	_ = t.publish(next) // taking routes away cannot fail
	t.gate.Subscribe(t.srv.router, next)
	t.current = next
	t.retire(t.old)
	return nil
}

// save ends what runs of the old instance and returns what it keeps. State is
// never read while anything of the instance runs.
func (t *transition) save() (cogs.State, error) {
	deadline := time.After(t.drainTimeout())
	tasks := t.old.Instance.Stop()
	select {
	case <-tasks:
	case <-deadline:
		if !t.order.opts.Force {
			return nil, fmt.Errorf("generation %d serves on: a task, or the process, does not end", t.old.Number)
		}
		t.note("a task of generation %d does not end; its state is that of the last checkpoint", t.old.Number)
		return t.checkpoint, nil
	}
	if !t.drain(t.old, deadline, wire.Errorf(wire.Unavailable, "cog %q was reloaded before the call was done", t.cog.Name)) {
		if !t.order.opts.Force {
			return nil, fmt.Errorf("generation %d serves on: %d of its calls do not end", t.old.Number, t.old.InFlight())
		}
		t.note("%d calls of generation %d do not end; its state is that of the last checkpoint", t.old.InFlight(), t.old.Number)
		return t.checkpoint, nil
	}
	state, err := t.saved()
	if errors.Is(err, cogs.ErrEnded) {
		t.note("generation %d has ended; its state is that of the last checkpoint", t.old.Number)
		return t.checkpoint, nil
	}
	if err != nil && t.order.opts.Force {
		t.note("generation %d cannot be saved, and its state is that of the last checkpoint: %v", t.old.Number, err)
		return t.checkpoint, nil
	}
	return state, err
}

// saved runs the functions that save what the old instance keeps.
func (t *transition) saved() (state cogs.State, err error) {
	err = within(t.patience(), func() (err error) {
		state, err = t.old.Instance.Save()
		return err
	})
	if err != nil {
		return nil, err // and not state, which may still be written
	}
	return state, nil
}

// saveServing saves what a cog keeps in a moment in which nothing of it runs. If
// there is none, the next time may be better.
func (t *transition) saveServing() {
	t.gate.Hold()
	defer t.gate.Reopen()
	select {
	case <-t.gate.Drained(t.old):
	case <-time.After(checkpointWait):
		return
	}
	began := time.Now()
	state, err := t.saved()
	if err != nil {
		t.srv.log.Warn("what the cog keeps cannot be saved", "cog", t.cog.Name, "err", err)
		return
	}
	t.checkpoint = state
	if took := time.Since(began); took > slowSave {
		// its calls waited for that
		t.srv.log.Warn("saving what the cog keeps takes long: from now on it is saved at reloads alone", "cog", t.cog.Name, "took", took)
		t.slowSave = true
	}
}

// within runs user code that may hang. It is left behind then.
func within(limit time.Duration, f func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- f() }() // ends with f
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return fmt.Errorf("it did not end in %v", limit)
	}
}

// rollBack lets the old instance serve on, as if nothing had been tried.
func (t *transition) rollBack(next *router.Generation) (held int) {
	if err := t.publish(t.old); err != nil {
		t.srv.log.Error("roll back", "cog", t.cog.Name, "err", err)
	}
	t.activate(t.old)
	held = t.gate.Reopen()
	t.clean(next)
	return held
}

// clean runs the cleanups of gen, of which nothing runs.
func (t *transition) clean(gen *router.Generation) {
	if err := within(t.patience(), gen.Instance.Close); err != nil {
		t.note("cleanups of generation %d: %v", gen.Number, err)
	}
}

func (t *transition) unload() {
	t.gate.RefuseAll(wire.Errorf(wire.NoRoute, "cog %q was unloaded", t.cog.Name))
	_ = t.publish() // taking routes away cannot fail
	t.gate.Subscribe(t.srv.router, nil)
	if t.old != nil {
		t.end(t.old, time.After(t.drainTimeout()), wire.Errorf(wire.Unavailable, "cog %q was unloaded before the call was done", t.cog.Name))
	}
	t.current = nil
}

// restart ends a failed instance and tries to put a new one in service.
func (t *transition) restart(ctx context.Context) error {
	t.srv.log.Error("cog failed and restarts", "cog", t.cog.Name, "generation", t.old.Number, "err", t.order.cause, "failures", t.failures)
	wait := backoff(t.failures)
	t.gate.RefuseAll(t.unavailable(wait))
	t.srv.router.AbandonAll(t.old, wire.Errorf(wire.Interrupted, "cog %q failed while the call ran", t.cog.Name))
	t.end(t.old, time.After(0), nil)
	t.current = nil
	failedStarts := 0
	for err := t.order.cause; ; {
		if t.failures >= maxFailedRun {
			t.gate.RefuseAll(wire.Errorf(wire.Unavailable, "cog %q has failed; a reload revives it", t.cog.Name))
			err = fmt.Errorf("gave up after %d failures in a row: %w", t.failures, err)
			t.srv.log.Error("cog has failed; a reload revives it", "cog", t.cog.Name, "err", err)
			return err
		}
		wait = backoff(t.failures)
		t.gate.RefuseAll(t.unavailable(wait))
		t.srv.system.Root.Send(t.actor, &retrying{time.Now().Add(wait)})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		if failedStarts >= leaveState && t.checkpoint != nil {
			t.note("the kept values are left out: it failed to start with them")
			t.checkpoint = nil
		}
		if err = t.start(ctx); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.srv.log.Error("cog does not start", "cog", t.cog.Name, "err", err, "failures", t.failures)
		failedStarts++
		t.failures++
	}
}

func (t *transition) unavailable(wait time.Duration) *wire.Error {
	return &wire.Error{Code: wire.Unavailable, Message: fmt.Sprintf("cog %q has failed and restarts", t.cog.Name), RetryAfter: wait}
}

// backoff doubles with each failure, with up to a quarter of jitter.
func backoff(failures int) time.Duration {
	d := min(worstBackoff, firstBackoff<<min(failures-1, 20))
	return d + rand.N(d/4+1)
}

// activate starts the tasks of gen.
func (t *transition) activate(gen *router.Generation) {
	t.since = time.Now()
	srv, cog := t.srv, t.actor // as in open: these outlive the transition
	a := &router.Agent{Router: srv.router, Cog: t.cog.Name, Generation: gen.Number}
	gen.Instance.Start(a.Context(context.Background()),
		func(ctx context.Context, e *cogs.Endpoint) {
			if err := srv.router.Tick(ctx, gen, e); err != nil {
				srv.restart(gen, cog, fmt.Errorf("%s: %w", e.Name, err))
			}
		},
		func(err error) { srv.restart(gen, cog, fmt.Errorf("task: %w", err)) })
}

// publish asks the server actor to make the cog's routes those of the
// generations.
func (t *transition) publish(generations ...*router.Generation) error {
	reply := make(chan error, 1)
	t.srv.system.Root.Send(t.srv.actor, &updateEndpoints{cog: t.cog.Name, generations: generations, reply: reply})
	return <-reply
}

// drain waits for the calls of a closed generation. At the deadline it cancels
// them, with err for their callers. It reports whether all have returned.
func (t *transition) drain(gen *router.Generation, deadline <-chan time.Time, err *wire.Error) bool {
	drained := t.gate.Drained(gen)
	select {
	case <-drained:
		return true
	case <-deadline:
	}
	if err != nil {
		t.result.Lost += t.srv.router.AbandonAll(gen, err)
	}
	select {
	case <-drained:
		return true
	case <-time.After(drainGrace):
		return false
	}
}

// end stops everything of a closed generation and retires it.
func (t *transition) end(gen *router.Generation, deadline <-chan time.Time, err *wire.Error) {
	tasks := gen.Instance.Stop()
	t.drain(gen, deadline, err)
	select {
	case <-tasks:
	case <-time.After(drainGrace):
		t.note("a task of generation %d does not end", gen.Number)
	}
	t.retire(gen)
}

// retire runs the cleanups of a generation that has ended, or will when the
// last of its calls returns: they may use what cleanups take away.
func (t *transition) retire(gen *router.Generation) {
	drained := t.gate.Drained(gen)
	select {
	case <-drained:
	default:
		if gen.Instance.Kill() {
			t.note("what ran of generation %d was killed", gen.Number)
			select {
			case <-drained:
			case <-time.After(drainGrace):
			}
		}
	}
	select {
	case <-drained:
		t.clean(gen)
	default:
		gen.Evict() // its successor must not wait for them
		t.note("%d calls of generation %d do not end; its cleanups wait for them", gen.InFlight(), gen.Number)
		go func() { // ends with the handlers that hang, if ever
			<-drained
			if err := gen.Instance.Close(); err != nil {
				t.srv.log.Error("cleanup failed", "cog", t.cog.Name, "generation", gen.Number, "err", err)
			}
		}()
	}
}

// patience is how long functions that save, restore or clean up may take.
func (t *transition) patience() time.Duration { return max(t.drainTimeout(), defaultDrain) }

func (t *transition) drainTimeout() time.Duration {
	return cmp.Or(t.order.opts.Drain, t.cog.DrainTimeout, defaultDrain)
}

// note tells the operator something, in the log and in the answer.
func (t *transition) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.srv.log.Warn(text, "cog", t.cog.Name)
	if t.result.Note != "" {
		text = t.result.Note + "; " + text
	}
	t.result.Note = text
}
