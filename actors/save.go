package actors

import (
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
	slowSave       = 50 * time.Millisecond // more is not done to a cog again
)

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
