package actors

import (
	"time"

	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/wire"
)

// clean runs the cleanups of gen, of which nothing runs.
func (t *transition) clean(gen *gate.Generation) {
	if err := within(t.patience(), gen.Instance.Close); err != nil {
		t.note("cleanups of generation %d: %v", gen.Number, err)
	}
}

func (t *transition) unload() {
	t.gate.RefuseAll(wire.Errorf(wire.NoRoute, "cog %q was unloaded", t.cog.Name))
	_ = t.publish() // taking routes away cannot fail
	t.srv.router.Subscribe(t.gate, nil)
	if t.old != nil {
		t.end(t.old, time.After(t.drainTimeout()), wire.Errorf(wire.Unavailable, "cog %q was unloaded before the call was done", t.cog.Name))
	}
	t.current = nil
}

// drain waits for the calls of a closed generation. At the deadline it cancels
// them, with err for their callers. It reports whether all have returned.
func (t *transition) drain(gen *gate.Generation, deadline <-chan time.Time, err *wire.Error) bool {
	drained := t.gate.Drained(gen)
	select {
	case <-drained:
		return true
	case <-deadline:
	}
	if err != nil {
		t.result.Lost += t.srv.router.CancelAll(gen, err)
	}
	select {
	case <-drained:
		return true
	case <-time.After(drainGrace):
		return false
	}
}

// end stops everything of a closed generation and retires it.
func (t *transition) end(gen *gate.Generation, deadline <-chan time.Time, err *wire.Error) {
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
func (t *transition) retire(gen *gate.Generation) {
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
