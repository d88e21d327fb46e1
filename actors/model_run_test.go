package actors_test

import (
	"context"
	"slices"
	"time"
)

// A run is user code of an instance that counts as its call: a handler, a
// listener or a tick.
type run struct {
	what     string
	instance *modelInstance
	call     *modelCall // of handlers
	lane     string
	limit    int
	since    time.Time
	deaf     bool // it does not return when its context ends
	ctx      context.Context
}

// enter notes that r begins, and checks that it may. The caller holds mu.
func (m *machine) enter(r *run) {
	r.since = time.Now()
	if r.call == nil || r.call.crowd == nil {
		m.note("%s begins on instance %v", r.what, r.instance)
	}
	if m.closed {
		m.fault("%s begins after Close has returned", r.what)
	}
	if i := r.instance; i.saving > 0 {
		m.fault("%s begins on instance %v while that is being saved", r.what, i)
	}
	beside := 0
	for _, other := range m.running {
		if r.lane == "" || other.lane != r.lane || m.leftBehind(other) {
			continue
		}
		if other.call != nil && r.call != nil && m.related(r.call, other.call, r.lane) {
			continue
		}
		if beside++; beside >= r.limit {
			m.fault("%s begins beside %s, in lane %s of %d at a time", r.what, other.what, r.lane, r.limit)
		}
	}
	if r.call != nil {
		m.enterCall(r, r.call)
	}
	m.running = append(m.running, r)
	r.instance.running++
}

// related reports whether c may run beside other in a lane: because other has made
// it and waits for it, or because one that runs in the lane has made both, and does
// not wait for other any more. The caller holds mu.
func (m *machine) related(c, other *modelCall, lane string) bool {
	for _, r := range m.running {
		if r.call == nil || r.lane != lane || !c.within(r.call) {
			continue
		}
		if r.call == other || other.within(r.call) && other.canceledBy(r.call) {
			return true
		}
	}
	return false
}

// canceledBy reports whether maker, which led to c, has got an outcome for c or for
// what led to it.
func (c *modelCall) canceledBy(maker *modelCall) bool {
	for p := c; p != maker; p = p.maker {
		if p.answered {
			return true
		}
	}
	return false
}

func (m *machine) enterCall(r *run, c *modelCall) {
	c.ran = r
	if c.runs++; c.runs > 1 {
		m.fault("%v runs a second time", c)
	}
	// what began at the same moment may have been answered a little earlier
	if c.answered && !c.before && (c.toldAt.Before(r.since) || c.code == "overloaded" || c.code == "no_route") {
		m.fault("%v runs, and was told %s %v ago", c, c.code, r.since.Sub(c.toldAt))
	}
	if r.instance.n < c.newest && !m.joins(c) {
		m.fault("%v runs on instance %v; want one that is not replaced", c, r.instance)
	}
	if c.line == nil && !c.strays {
		return // it may pass those who wait
	}
	c.cog.newest = max(c.cog.newest, r.instance.n)
	if c.line == nil || r.limit != 1 || !c.quickKey() {
		return
	}
	lane := c.line.name + " " + r.lane
	if last := m.latest[lane]; last > c.n {
		m.fault("%v begins after call %d, which came later on the same line", c, last)
	}
	m.latest[lane] = c.n
}

// joins reports whether c may join a generation that drains: it was made by a call
// of one, or by a call whose lane one may wait for. The caller holds mu.
func (m *machine) joins(c *modelCall) bool {
	if c.strays {
		return false
	}
	for p := c.maker; p != nil && p.ran != nil; p = p.maker {
		lane, _ := p.lane()
		if lane != "" || p.ran.instance.n < p.cog.newest || m.underway(p.cog) > 0 {
			return true
		}
		if p.strays {
			return false
		}
	}
	return false
}

// leave notes that r has ended.
func (m *machine) leave(r *run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.call == nil || r.call.crowd == nil {
		m.note("%s ends", r.what)
	}
	i := slices.Index(m.running, r)
	m.running = slices.Delete(m.running, i, i+1)
	r.instance.running--
	if r.instance.saving > 0 {
		m.fault("%s ended while its instance %v is being saved", r.what, r.instance)
	}
	if r.call != nil {
		close(r.call.ended)
	}
}

// leftBehind reports whether r did not end at the end of a drain: then others need
// not wait for it. The caller holds mu.
func (m *machine) leftBehind(r *run) bool {
	if !r.deaf {
		return false
	}
	for _, o := range m.orders {
		if o.cog == r.instance.cog && time.Since(o.began) >= m.p.drain+grace && r.since.Before(o.began.Add(m.p.drain+grace)) {
			return true
		}
	}
	return false
}
