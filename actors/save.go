package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// Saving while a cog serves.
const (
	checkpointTime = 10 * time.Second
	checkpointWait = 20 * time.Millisecond // for the running calls to end
	checkpointMost = 5 * time.Second       // for saving; the instance is replaced then
	slowSave       = 50 * time.Millisecond // more is not done to a cog again
)

// save ends what runs of the old instance by the deadline and returns what it keeps, or what was
// saved last if the old one has to go without. State is never read while anything
// of the instance runs.
func (t *transition) save(deadline time.Time) (cogs.State, error) {
	if !await(deadline, t.old.Instance.Stop()) {
		return t.unsaved("a task, or the process, does not end")
	}
	if !t.drain(t.old, deadline, t.outOfTime()) {
		return t.unsaved(fmt.Sprintf("%d of its calls do not end", t.old.InFlight()))
	}
	state, err := t.saved(t.patience())
	switch {
	case err == nil:
		return state, nil
	case errors.Is(err, cogs.ErrLeftBehind):
		t.spent, t.slowSave = true, true
		t.note("saving generation %d: %v; its state is that of the last checkpoint", t.old.Number, err)
	case errors.Is(err, cogs.ErrEnded):
		t.note("generation %d has ended; its state is that of the last checkpoint", t.old.Number)
	case t.order.opts.Force:
		t.note("generation %d cannot be saved, and its state is that of the last checkpoint: %v", t.old.Number, err)
	default:
		return nil, err
	}
	return t.checkpoint, nil
}

// unsaved returns the state for a reload that finds something running: there is
// none unless it is forced.
func (t *transition) unsaved(why string) (cogs.State, error) {
	if !t.order.opts.Force {
		return nil, fmt.Errorf("generation %d serves on: %s", t.old.Number, why)
	}
	t.note("generation %d: %s; its state is that of the last checkpoint", t.old.Number, why)
	return t.checkpoint, nil
}

func (t *transition) replaced() *wire.Error {
	return wire.Errorf(wire.Unavailable, "cog %q was reloaded before the call was done", t.cog.Name)
}

// outOfTime is what callers are told whose calls are cut off before it is known whether
// the reload will pass.
func (t *transition) outOfTime() *wire.Error {
	return wire.Errorf(wire.Unavailable, "the call did not end in the time that a reload of cog %q gave it", t.cog.Name)
}

// saved runs the functions that save what the old instance keeps.
func (t *transition) saved(limit time.Duration) (state cogs.State, err error) {
	err = within(limit, func(ctx context.Context) (err error) {
		state, err = t.old.Instance.Save(ctx)
		return err
	})
	return state, err
}

// restore runs the functions that restore what next is to keep.
func (t *transition) restore(next *cogs.Instance, state cogs.State) error {
	err := within(t.patience(), func(ctx context.Context) error { return next.Restore(ctx, state) })
	if errors.Is(err, cogs.ErrLeftBehind) {
		err = fmt.Errorf("restore: %w", err)
	}
	return err
}

// saveServing saves what a cog keeps in a moment in which nothing of it runs. If
// there is none, the next time may be better.
func (t *transition) saveServing(ctx context.Context) {
	held := time.Now()
	t.gate.Hold()
	if !await(held.Add(checkpointWait), t.gate.Drained(t.old)) {
		t.gate.Reopen()
		return
	}
	began := time.Now()
	state, err := t.saved(checkpointMost)
	took := time.Since(began)
	t.slowSave = took > slowSave // its calls waited for that
	if errors.Is(err, cogs.ErrLeftBehind) {
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

// supplant replaces an instance that cannot serve any more, since its state is
// still being read, by a fresh one that starts from what was saved last. The
// calls that the gate holds go to that.
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
			t.refuse()
			t.dispose(next.Instance, next.Number)
		}
	}
	if err != nil {
		t.broken = fmt.Errorf("saving generation %d did not end, and the next one does not start: %w", t.old.Number, err)
		return
	}
	t.end(t.old, time.Now(), t.deadline(), t.replaced())
}

// refuse refuses the calls of a cog whose instance cannot serve any more, and
// which restarts next.
func (t *transition) refuse() {
	_ = t.publish(t.old) // taking routes away cannot fail
	t.gate.RefuseAll(t.unavailable(backoff(t.failures + 1)))
}
