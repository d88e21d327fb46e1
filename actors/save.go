package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// Saving while a cog serves.
const (
	checkpointTime = 10 * time.Second
	checkpointWait = 20 * time.Millisecond // for the running calls to end
	checkpointMost = 5 * time.Second       // for saving; then the instance is replaced
	slowSave       = 50 * time.Millisecond // a cog that takes longer is saved only at reloads
)

// startSaving has saveNow called each checkpointTime, until the actor stops the timer.
func (a *cogActor) startSaving(ctx actor.Context) {
	self := ctx.Self()
	a.saver = time.AfterFunc(checkpointTime, func() { a.srv.system.Root.Send(self, &saveNow{}) })
}

// saveNow begins a transition that saves the state of a cog that serves, see saveServing,
// unless a transition runs.
func (a *cogActor) saveNow(ctx actor.Context) {
	if a.gone {
		return
	}
	if a.running == nil && a.current != nil && !a.slowSave && a.current.Instance.Keeps() && !a.current.Instance.Tasks() {
		a.begin(ctx, &command{what: checkpoint, name: a.cog.Name, ctx: context.Background()})
	}
	a.saver.Reset(checkpointTime)
}

// save ends the calls and tasks of the old instance by the deadline. It returns the
// state that the instance keeps, or the last saved state if the new instance must start
// from that. State is never read while code of the instance runs.
func (t *transition) save(deadline time.Time) (instance.State, error) {
	if !t.await(deadline, t.old.Instance.Stop()) {
		return t.unsaved("a task, or the process, does not end")
	}
	if !t.drain(t.old, deadline, t.outOfTime()) {
		return t.unsaved(fmt.Sprintf("%d of its calls do not end", t.old.InFlight()))
	}
	state, err := t.saved(t.patience())
	switch {
	case err == nil:
		return state, nil
	case errors.Is(err, instance.ErrLeftBehind):
		t.spent, t.slowSave = true, true
		t.note("saving generation %d: %v; its state is that of the last checkpoint", t.old.Number, err)
	case errors.Is(err, instance.ErrEnded):
		t.note("generation %d has ended; its state is that of the last checkpoint", t.old.Number)
	case t.command.opts.Force:
		t.note("generation %d cannot be saved, and its state is that of the last checkpoint: %v", t.old.Number, err)
	default:
		return nil, err
	}
	return t.checkpoint, nil
}

// unsaved returns the state for a reload that finds running code of the old instance:
// with Force the last saved state, otherwise none and an error.
func (t *transition) unsaved(why string) (instance.State, error) {
	if !t.command.opts.Force {
		return nil, fmt.Errorf("generation %d serves on: %s", t.old.Number, why)
	}
	t.note("generation %d: %s; its state is that of the last checkpoint", t.old.Number, why)
	return t.checkpoint, nil
}

func (t *transition) replaced() *wire.Error {
	return wire.Errorf(wire.Unavailable, "cog %q was reloaded before the call was done", t.cog.Name)
}

// outOfTime returns the error of calls that a reload cuts off before it is known whether
// the reload passes.
func (t *transition) outOfTime() *wire.Error {
	return wire.Errorf(wire.Unavailable, "the call did not end in the time that a reload of cog %q gave it", t.cog.Name)
}

// saved runs the functions that save the old instance's state.
func (t *transition) saved(limit time.Duration) (state instance.State, err error) {
	err = runWithLimit(t.srv.hurry, limit, func(ctx context.Context) (err error) {
		state, err = t.old.Instance.Save(ctx)
		return err
	})
	return state, err
}

// restore runs the functions that restore next's state.
func (t *transition) restore(next *instance.Instance, state instance.State) error {
	err := runWithLimit(t.srv.hurry, t.patience(), func(ctx context.Context) error { return next.Restore(ctx, state) })
	if errors.Is(err, instance.ErrLeftBehind) {
		err = fmt.Errorf("restore: %w", err)
	}
	return err
}

// saveServing saves a cog's state, in memory, in a moment in which no code of it runs. If there is
// no such moment now, the next call may find one.
func (t *transition) saveServing(ctx context.Context) {
	held := time.Now()
	t.gate.Hold()
	if !t.await(held.Add(checkpointWait), t.gate.Drained(t.old)) {
		t.gate.Reopen()
		return
	}
	began := time.Now()
	state, err := t.saved(checkpointMost)
	took := time.Since(began)
	t.slowSave = took > slowSave // its calls have waited for the saving
	if errors.Is(err, instance.ErrLeftBehind) {
		t.supplant(ctx, held)
		return
	}
	t.gate.Reopen()
	if err != nil {
		t.srv.log.Warn("what the cog keeps cannot be saved", "cog", t.cog.Name, "err", err)
	} else {
		t.checkpoint = state
	}
	if t.slowSave {
		t.srv.log.Warn("saving what the cog keeps takes long: from now on it is saved at reloads alone", "cog", t.cog.Name, "took", took)
	}
}

// supplant replaces an instance that cannot serve any more, because its state is still
// being read. A fresh instance starts from the last saved state and gets the calls that
// the gate holds.
func (t *transition) supplant(ctx context.Context, held time.Time) {
	t.srv.log.Warn("saving what the cog keeps does not end: a fresh instance starts from what was saved before, and is saved at reloads alone",
		"cog", t.cog.Name, "generation", t.old.Number, "limit", checkpointMost, "saved_before", t.checkpoint != nil)
	t.old.Instance.Stop()
	t.kill(t.old.Instance, t.old.Number)
	next, err := t.open(ctx)
	if err == nil {
		if err = t.publish(next, t.old); err == nil {
			err = t.takeOver(next, t.checkpoint)
		}
		t.result.Paused = milliseconds(time.Since(held))
		if err != nil {
			t.rejectAll()
			t.dispose(next.Instance, next.Number)
		}
	}
	if err != nil {
		t.broken = fmt.Errorf("saving generation %d did not end, and the next one does not start: %w", t.old.Number, err)
		return
	}
	t.end(t.old, time.Now(), t.deadline(), t.replaced())
}

// rejectAll rejects the calls of a cog that restarts, because its instance cannot serve
// any more.
func (t *transition) rejectAll() {
	_ = t.publish(t.old) // taking routes away cannot fail
	t.gate.RefuseAll(t.unavailable(backoff(t.failures + 1)))
}
