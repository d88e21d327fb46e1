package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// save is what saves the state of an instance: nothing of it may run meanwhile.
func (m *machine) save(i *modelInstance) ([]byte, error) {
	m.mu.Lock()
	m.note("saving instance %v begins", i)
	switch {
	case i.running > 0:
		m.fault("instance %v is saved while %d of its handlers, listeners or ticks run", i, i.running)
	case i.tasks > 0:
		m.fault("instance %v is saved while its task runs", i)
	case i.saving > 0:
		m.fault("instance %v is saved twice at once", i)
	case i.gaveUp:
		m.fault("instance %v is saved again, and had taken too long", i)
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
	m.note("saving instance %v ends", i)
	text := fmt.Sprintf(`"instance %d at %v"`, i.n, began.Sub(m.began))
	if time.Since(began) < patience {
		i.cog.saved = append(i.cog.saved, text)
	} else {
		i.gaveUp = true
	}
	return []byte(text), nil
}

// abandon notes that nobody waits any more for the saving of an instance, which
// will then be replaced.
func (m *machine) abandon(i *modelInstance) {
	time.Sleep(patience - time.Millisecond)
	m.mu.Lock()
	defer m.mu.Unlock()
	if i.saving > 0 {
		i.cog.abandoned = true
	}
}

// restore takes over what was saved.
func (m *machine) restore(i *modelInstance, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note("instance %v gets %s", i, text)
	// a reload that fails behind its save may have left what was saved before it
	n := slices.Index(i.cog.saved, text)
	if n < 0 || m.p.calm && n < len(i.cog.saved)-1 {
		m.fault("instance %v gets %s; want what was last saved of %v", i, text, i.cog.saved)
		return nil
	}
	if i.restoreFails {
		return errors.New("told to")
	}
	i.cog.saved = i.cog.saved[n:]
	return nil
}

// runTask is the task of an instance. It runs beside that of another instance only
// if that one does not end.
func (m *machine) runTask(ctx context.Context, i *modelInstance) {
	m.mu.Lock()
	m.note("a task of instance %v begins", i)
	for _, other := range m.instances {
		if other.cog == i.cog && other.tasks > 0 && !other.task.hangs {
			m.fault("a task of instance %v begins beside that of instance %v", i, other)
		}
	}
	if i.saving > 0 || m.closed {
		m.fault("a task of instance %v begins while that is saved, or after Close", i)
	}
	i.tasks++
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		i.tasks--
		m.note("a task of instance %v ends", i)
	}()
	<-ctx.Done()
	time.Sleep(i.task.takes)
	if i.task.hangs {
		<-m.freed
	}
}

// tick is what runs each interval. It never overlaps itself.
func (m *machine) tick(ctx context.Context, i *modelInstance) {
	r := &run{what: fmt.Sprintf("a tick of instance %v", i), instance: i, lane: "ticks of " + i.String(), limit: 1, ctx: ctx}
	if i.cog.serial {
		r.lane = i.cog.name
	}
	m.mu.Lock()
	m.enter(r)
	m.mu.Unlock()
	defer m.leave(r)
	time.Sleep(3 * time.Millisecond)
}
