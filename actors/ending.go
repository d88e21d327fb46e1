package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// await waits until all are closed. It reports false if the time comes before.
func await(until time.Time, all ...<-chan struct{}) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	for _, c := range all {
		select {
		case <-c:
			continue
		default: // what is closed counts also when the time has come
		}
		select {
		case <-c:
		case <-timer.C:
			return false
		}
	}
	return true
}

func (t *transition) unload() {
	t.gate.RefuseAll(wire.Errorf(wire.NoRoute, "cog %q was unloaded", t.cog.Name))
	_ = t.publish() // taking routes away cannot fail
	t.subscribe(nil)
	if t.old != nil {
		deadline := t.deadline()
		t.end(t.old, deadline, deadline, wire.Errorf(wire.Unavailable, "cog %q was unloaded before the call was done", t.cog.Name))
	}
	t.current = nil
}

// drain waits for the calls of a closed generation. At the deadline it cancels
// them, with err for their callers, and gives them a moment to return. It reports
// whether all have.
func (t *transition) drain(gen *gate.Generation, deadline time.Time, err *wire.Error) bool {
	drained := t.gate.Drained(gen)
	if await(deadline, drained) {
		return true
	}
	t.result.Lost += t.srv.router.CancelAll(gen, err)
	return await(deadline.Add(drainGrace), drained)
}

// end stops everything of a closed generation and retires it. Calls and tasks may
// take until their deadlines, and a moment more.
func (t *transition) end(gen *gate.Generation, calls, tasks time.Time, err *wire.Error) {
	ended := gen.Instance.Stop()
	t.drain(gen, calls, err)
	await(tasks.Add(drainGrace), ended)
	t.retire(gen)
}

// retire is dispose for a closed generation.
func (t *transition) retire(gen *gate.Generation) {
	if !t.dispose(gen.Instance, gen.Number, t.gate.Drained(gen)) {
		gen.Evict() // its successor must not wait for calls that hang
	}
}

// dispose runs the cleanups of an instance of which nothing runs any more: what
// does may use what they take away. What hangs is killed, if that can be. If
// it hangs all the same, dispose reports false and the cleanups run when it has
// ended.
func (t *transition) dispose(i *instance.Instance, number uint64, calls ...<-chan struct{}) bool {
	nothing := func(until time.Time) bool {
		return await(until, append(calls, i.Stop(), i.Errands())...)
	}
	if !nothing(time.Now()) && t.kill(i, number) {
		nothing(time.Now().Add(drainGrace))
	}
	if nothing(time.Now()) {
		if err := clean(i, t.patience()); err != nil {
			t.note("cleanups of generation %d: %v", number, err)
		}
		return true
	}
	t.note("generation %d does not end; its cleanups wait for that", number)
	// these outlive the transition and must not hold it
	log, cog, patience, tasks, errands := t.srv.log, t.cog.Name, t.patience(), i.Stop(), i.Errands()
	go func() { // ends with the function that hangs, if ever
		for _, c := range append(calls, tasks, errands) {
			<-c
		}
		if err := clean(i, patience); err != nil {
			log.Error("cleanup failed", "cog", cog, "generation", number, "err", err)
		}
	}()
	return false
}

// clean runs the cleanups of an instance of which nothing runs, for at most limit.
func clean(i *instance.Instance, limit time.Duration) error {
	return within(limit, i.Close)
}

// kill ends by force what runs of an instance, and reports whether it could.
func (t *transition) kill(i *instance.Instance, number uint64) bool {
	killed := false
	err := within(drainGrace, func(ctx context.Context) (err error) {
		killed, err = i.Kill(ctx)
		return err
	})
	if err != nil {
		t.note("generation %d cannot be killed: %v", number, err)
	} else if killed {
		t.note("what ran of generation %d was killed", number)
	}
	return killed
}

// within runs f, a method of an instance that its context bounds.
func within(limit time.Duration, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := f(ctx)
	if errors.Is(err, instance.ErrLeftBehind) {
		err = fmt.Errorf("%w (%v)", err, limit)
	}
	return err
}
