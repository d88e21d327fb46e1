package actors_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/cogbus/cogbus/actors"
)

// drawSetup draws the behaviour of the next instance of a cog.
func (m *machine) drawSetup(rt *rapid.T) setupScript {
	s := setupScript{swapped: rapid.Bool().Draw(rt, "listeners swapped")}
	if !m.p.heldKeys {
		s.takes = time.Duration(rapid.IntRange(0, 5).Draw(rt, "setup ms")) * time.Millisecond
	}
	if oneOf(rt, m.p.fails, 3, "setup goes wrong") {
		switch rapid.IntRange(0, 2).Draw(rt, "how") {
		case 0:
			s.fails = true
		case 1:
			s.panics = true
		case 2:
			s.restoreFails = true
		}
	}
	if oneOf(rt, m.p.tasks, 2, "has a task") {
		s.task = taskScript{runs: true, takes: time.Duration(rapid.IntRange(0, 20).Draw(rt, "task ends after ms")) * time.Millisecond}
		s.task.hangs = oneOf(rt, true, 3, "task hangs")
	}
	if oneOf(rt, m.p.slowSaves, 2, "saving takes long") {
		s.saveTakes = drawSaving(rt, 10)
		s.saveHangs = oneOf(rt, true, 3, "saving hangs")
	}
	return s
}

func (m *machine) drawReload(rt *rapid.T) {
	c := m.drawCog(rt)
	m.mu.Lock()
	ready := c.loaded && m.underwayLocked(c) < 2
	m.mu.Unlock()
	if !ready {
		rt.Skip("it is not loaded, or is being reloaded")
	}
	opts := actors.ReloadOptions{
		Fresh: oneOf(rt, m.p.options, 4, "fresh"),
		Force: oneOf(rt, m.p.options, 3, "force"),
	}
	m.order("reload", c, opts, m.drawSetup(rt))
}

func (m *machine) drawUnload(rt *rapid.T) {
	c := m.drawCog(rt)
	m.mu.Lock()
	loaded := c.loaded
	m.mu.Unlock()
	if !loaded {
		rt.Skip("it is not loaded")
	}
	m.order("unload", c, actors.ReloadOptions{}, setupScript{})
}

func (m *machine) drawLoad(rt *rapid.T) {
	c := m.drawCog(rt)
	m.mu.Lock()
	ready := !c.loaded && m.underwayLocked(c) == 0
	m.mu.Unlock()
	if !ready {
		rt.Skip("it is loaded, or changes")
	}
	m.order("load", c, actors.ReloadOptions{}, m.drawSetup(rt))
}

// reloading reports whether a reload of a cog is under way.
func (m *machine) reloading(c *modelCog) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.underwayLocked(c) > 0
}

// underwayLocked returns how many orders of a cog have not ended.
func (m *machine) underwayLocked(c *modelCog) int {
	n := 0
	for _, o := range m.orders {
		if o.cog == c && !o.done {
			n++
		}
	}
	return n
}

// drawSaving draws how long saving takes, from so many milliseconds on. It never takes
// its limit exactly, since either could come first then.
func drawSaving(rt *rapid.T, least int) time.Duration {
	takes := time.Duration(rapid.IntRange(least, 14_000).Draw(rt, "saving ms")) * time.Millisecond
	if takes == patience {
		takes++
	}
	return takes
}
