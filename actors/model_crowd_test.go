package actors_test

import (
	"fmt"
	"time"
)

// A crowd are callers who call again as soon as they are answered, for as long as
// an order is carried out; and for a moment, so that there is one.
type crowd struct {
	m       *machine
	cog     *modelCog
	until   time.Time
	longest time.Time
}

func (m *machine) gather(c *modelCog, callers int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note("%d callers of %s.keyed call again as soon as they are answered", callers, c.name)
	now := time.Now()
	crowd := &crowd{m: m, cog: c, until: now.Add(50 * time.Millisecond), longest: now.Add(3 * time.Second)}
	for n := range callers {
		// each at times of its own, so that a run is the same when it is repeated
		takes := 500*time.Microsecond + time.Duration(17*n)*time.Microsecond
		crowd.call(m.lines[n%2*2], fmt.Sprintf("of caller %d", n), takes)
	}
}

// call makes a call whose Key takes that long. The caller holds mu.
func (w *crowd) call(l *line, key string, takes time.Duration) {
	c := w.m.planLocked(w.cog, "keyed", key)
	c.keyTakes, c.crowd = takes, w
	c.takes = 100 * time.Microsecond // a serial cog asks for no Key, and time has to pass
	w.m.sendLocked(l, c, 0)
}

// next is told that a call was answered. The caller holds mu.
func (w *crowd) next(c *modelCall) {
	now := time.Now()
	on := now.Before(w.until)
	for _, o := range w.m.orders {
		on = on || !o.done
	}
	if on && now.Before(w.longest) && !w.m.closing && c.code == "ok" {
		w.call(c.line, c.key, c.keyTakes)
	}
}
