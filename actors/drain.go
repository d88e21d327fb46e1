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

// await waits until all channels are closed. It returns false if the time comes before,
// or if the server's shutdown is out of time.
func (t *transition) await(until time.Time, all ...<-chan struct{}) bool {
	return await(t.srv.hurry.Done(), until, all...)
}

// awaitEnd is await for code that was told to end. It grants a moment more, also when
// the shutdown is out of time.
func (t *transition) awaitEnd(until time.Time, all ...<-chan struct{}) bool {
	if t.await(until, all...) {
		return true
	}
	if now := time.Now(); now.Before(until) {
		until = now
	}
	return await(nil, until.Add(drainGrace), all...)
}

// await waits until all channels are closed. It returns false if the time comes, or
// hurry is closed, before.
func await(hurry <-chan struct{}, until time.Time, all ...<-chan struct{}) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	for _, c := range all {
		select {
		case <-c:
			continue
		default: // a channel that is closed counts also when the time has come
		}
		select {
		case <-c:
		case <-timer.C:
			return false
		case <-hurry:
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

// drain waits for the calls of a closed generation. At the deadline it cancels them
// with err, and gives their handlers a moment to return. It reports whether all have
// returned.
func (t *transition) drain(gen *gate.Generation, deadline time.Time, err *wire.Error) bool {
	drained := t.gate.Drained(gen)
	if t.await(deadline, drained) {
		return true
	}
	t.result.Lost += t.srv.router.CancelAll(gen, err)
	return t.awaitEnd(deadline, drained)
}

// end stops the calls and tasks of a closed generation and retires it. They may take
// until their deadlines, and a moment more.
func (t *transition) end(gen *gate.Generation, calls, tasks time.Time, err *wire.Error) {
	ended := gen.Instance.Stop()
	t.drain(gen, calls, err)
	t.awaitEnd(tasks, ended)
	t.retire(gen)
}

// retire is dispose for a closed generation.
func (t *transition) retire(gen *gate.Generation) {
	if !t.dispose(gen.Instance, gen.Number, t.gate.Drained(gen)) {
		gen.Evict() // the next generation must not wait for calls that hang
	}
}

// dispose runs the cleanups of an instance of which no code runs any more, since
// running code may use things that cleanups take away. It kills code that hangs, if the
// cog allows that. If some code hangs all the same, dispose reports false, and the
// cleanups run when that code has ended.
func (t *transition) dispose(i *instance.Instance, number uint64, calls ...<-chan struct{}) bool {
	nothing := func(until time.Time) bool {
		return await(nil, until, append(calls, i.Stop(), i.Errands())...)
	}
	if !nothing(time.Now()) && t.kill(i, number) {
		nothing(time.Now().Add(drainGrace))
	}
	if nothing(time.Now()) {
		if err := runWithLimit(t.srv.hurry, t.patience(), i.Close); err != nil {
			t.note("cleanups of generation %d: %v", number, err)
		}
		return true
	}
	t.note("generation %d does not end; its cleanups wait for that", number)
	// the goroutine outlives the transition and must not refer to it
	log, hurry, cog, patience, tasks, errands := t.srv.log, t.srv.hurry, t.cog.Name, t.patience(), i.Stop(), i.Errands()
	go func() { // ends when the code that hangs has returned, if ever
		for _, c := range append(calls, tasks, errands) {
			<-c
		}
		if err := runWithLimit(hurry, patience, i.Close); err != nil {
			log.Error("cleanup failed", "cog", cog, "generation", number, "err", err)
		}
	}()
	return false
}

// kill ends the running code of an instance by force, and reports whether it could.
func (t *transition) kill(i *instance.Instance, number uint64) bool {
	killed := false
	err := runWithLimit(t.srv.hurry, drainGrace, func(ctx context.Context) (err error) {
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

// runWithLimit runs f, a method of an instance that heeds its context. When hurry is done,
// because the server's shutdown is out of time, f gets a moment more.
func runWithLimit(hurry context.Context, limit time.Duration, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	defer context.AfterFunc(hurry, func() { time.AfterFunc(drainGrace, cancel) })()
	err := f(ctx)
	if errors.Is(err, instance.ErrLeftBehind) {
		err = fmt.Errorf("%w (%v)", err, limit)
	}
	return err
}
