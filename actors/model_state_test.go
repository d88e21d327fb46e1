package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// save is the user code that saves the state of an instance. No other code of the
// instance may run meanwhile.
func (m *machine) save(i *modelInstance) ([]byte, error) {
	m.mu.Lock()
	m.noteLocked("saving instance %v begins", i)
	switch {
	case i.running > 0:
		m.faultLocked("instance %v is saved while %d of its handlers, listeners or ticks run", i, i.running)
	case i.tasks > 0:
		m.faultLocked("instance %v is saved while its task runs", i)
	case i.saving > 0:
		m.faultLocked("instance %v is saved twice at once", i)
	case i.gaveUp:
		m.faultLocked("instance %v is saved again, and had taken too long", i)
	}
	i.saving++
	m.mu.Unlock()
	began := time.Now()
	if i.saveTakes >= patience || i.saveHangs {
		m.work.Go(func() { m.abandon(i) }) // ends in a moment
	}
	time.Sleep(i.saveTakes)
	if i.saveHangs {
		<-m.freed
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i.saving--
	m.noteLocked("saving instance %v ends", i)
	text := fmt.Sprintf(`"instance %d at %v"`, i.n, began.Sub(m.began))
	if time.Since(began) < patience {
		i.cog.saved = append(i.cog.saved, text)
	} else {
		i.gaveUp = true
	}
	return []byte(text), nil
}

// abandon notes that the server does not wait for the saving of an instance any more,
// and will replace the instance.
func (m *machine) abandon(i *modelInstance) {
	time.Sleep(patience - time.Millisecond)
	m.mu.Lock()
	defer m.mu.Unlock()
	if i.saving > 0 {
		i.cog.abandoned = true
	}
}

// restore is the user code that restores a state.
func (m *machine) restore(i *modelInstance, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noteLocked("instance %v gets %s", i, text)
	// a reload that fails after its save may have left the previous state
	n := slices.Index(i.cog.saved, text)
	if n < 0 || m.p.calm && n < len(i.cog.saved)-1 {
		m.faultLocked("instance %v gets %s; want what was last saved of %v", i, text, i.cog.saved)
		return nil
	}
	if i.restoreFails {
		return errors.New("told to")
	}
	i.cog.saved = i.cog.saved[n:]
	return nil
}

// runTask is the task of an instance. It runs beside the task of another instance only
// if that one does not end.
func (m *machine) runTask(ctx context.Context, i *modelInstance) {
	m.mu.Lock()
	m.noteLocked("a task of instance %v begins", i)
	for _, other := range m.instances {
		if other.cog == i.cog && other.tasks > 0 && !other.task.hangs {
			m.faultLocked("a task of instance %v begins beside that of instance %v", i, other)
		}
	}
	if i.saving > 0 || m.closed {
		m.faultLocked("a task of instance %v begins while that is saved, or after Close", i)
	}
	i.tasks++
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		i.tasks--
		m.noteLocked("a task of instance %v ends", i)
	}()
	<-ctx.Done()
	time.Sleep(i.task.takes)
	if i.task.hangs {
		<-m.freed
	}
}

// tick is the user code of a ticker. It never overlaps itself.
func (m *machine) tick(ctx context.Context, i *modelInstance) {
	r := &run{what: fmt.Sprintf("a tick of instance %v", i), instance: i, lane: "ticks of " + i.String(), limit: 1, ctx: ctx}
	if i.cog.serial {
		r.lane = i.cog.name
	}
	m.mu.Lock()
	m.enterLocked(r)
	m.mu.Unlock()
	defer m.leave(r)
	time.Sleep(3 * time.Millisecond)
}
