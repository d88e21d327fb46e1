package actors_test

import (
	"fmt"
	"time"
)

// A crowd is a number of callers. Each calls again as soon as it is answered, until an
// order has been carried out, and for at least a moment.
type crowd struct {
	m       *machine
	cog     *modelCog
	until   time.Time
	longest time.Time
}

func (m *machine) gather(c *modelCog, callers int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noteLocked("%d callers of %s.keyed call again as soon as they are answered", callers, c.name)
	now := time.Now()
	crowd := &crowd{m: m, cog: c, until: now.Add(50 * time.Millisecond), longest: now.Add(3 * time.Second)}
	for n := range callers {
		// each caller has its own times, so that the same seed gives the same run
		takes := 500*time.Microsecond + time.Duration(17*n)*time.Microsecond
		crowd.callLocked(m.lines[n%2*2], fmt.Sprintf("of caller %d", n), takes)
	}
}

// callLocked makes a call whose Key takes that long.
func (w *crowd) callLocked(l *line, key string, takes time.Duration) {
	c := w.m.planLocked(w.cog, "keyed", key)
	c.keyTakes, c.crowd = takes, w
	c.takes = 100 * time.Microsecond // a serial cog has no Key, and time has to pass
	w.m.sendLocked(l, c, 0)
}

// nextLocked makes the next call after an answer.
func (w *crowd) nextLocked(c *modelCall) {
	now := time.Now()
	on := now.Before(w.until)
	for _, o := range w.m.orders {
		on = on || !o.done
	}
	if on && now.Before(w.longest) && !w.m.closing && c.code == "ok" {
		w.callLocked(c.line, c.key, c.keyTakes)
	}
}
