package actors_test

import (
	"context"
	"slices"
	"time"
)

// A run is the time of a handler, a listener or a tick, from its begin to its return.
type run struct {
	what     string
	instance *modelInstance
	call     *modelCall // of handlers
	lane     string
	limit    int
	since    time.Time
	deaf     bool // the code does not return when its context ends
	ctx      context.Context
}

// enterLocked notes that r begins, and checks that it may.
func (m *machine) enterLocked(r *run) {
	r.since = time.Now()
	if r.call == nil || r.call.crowd == nil {
		m.noteLocked("%s begins on instance %v", r.what, r.instance)
	}
	if m.closed {
		m.faultLocked("%s begins after Close has returned", r.what)
	}
	if i := r.instance; i.saving > 0 {
		m.faultLocked("%s begins on instance %v while that is being saved", r.what, i)
	}
	beside := 0
	for _, other := range m.running {
		if r.lane == "" || other.lane != r.lane || m.leftBehindLocked(other) {
			continue
		}
		if other.call != nil && r.call != nil && m.relatedLocked(r.call, other.call, r.lane) {
			continue
		}
		if beside++; beside >= r.limit {
			m.faultLocked("%s begins beside %s, in lane %s of %d at a time", r.what, other.what, r.lane, r.limit)
		}
	}
	if r.call != nil {
		m.enterCallLocked(r, r.call)
	}
	m.running = append(m.running, r)
	r.instance.running++
}

// relatedLocked reports whether c may run beside other in a lane. It may if other has
// made it and waits for it, or if a call that runs in the lane has made both and does
// not wait for other any more.
func (m *machine) relatedLocked(c, other *modelCall, lane string) bool {
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

// canceledBy reports whether maker, which led to c, has an outcome for c, or for a call
// between the two.
func (c *modelCall) canceledBy(maker *modelCall) bool {
	for p := c; p != maker; p = p.maker {
		if p.answered {
			return true
		}
	}
	return false
}

func (m *machine) enterCallLocked(r *run, c *modelCall) {
	c.ran = r
	if c.runs++; c.runs > 1 {
		m.faultLocked("%v runs a second time", c)
	}
	// two events of the same moment may have come in either order
	if c.answered && !c.before && (c.toldAt.Before(r.since) || c.code == "overloaded" || c.code == "no_route") {
		m.faultLocked("%v runs, and was told %s %v ago", c, c.code, r.since.Sub(c.toldAt))
	}
	if r.instance.n < c.newest && !m.joinsLocked(c) {
		m.faultLocked("%v runs on instance %v; want one that is not replaced", c, r.instance)
	}
	if c.line == nil && !c.strays {
		return // it may pass the calls that wait
	}
	c.cog.newest = max(c.cog.newest, r.instance.n)
	if c.line == nil || r.limit != 1 || !c.quickKey() {
		return
	}
	lane := c.line.name + " " + r.lane
	if last := m.latest[lane]; last > c.n {
		m.faultLocked("%v begins after call %d, which came later on the same line", c, last)
	}
	m.latest[lane] = c.n
}

// joinsLocked reports whether c may join a generation that drains: c was made by a call
// of that generation, or by a call in a lane in which a call of that generation may
// wait.
func (m *machine) joinsLocked(c *modelCall) bool {
	if c.strays {
		return false
	}
	for p := c.maker; p != nil && p.ran != nil; p = p.maker {
		lane, _ := p.lane()
		if lane != "" || p.ran.instance.n < p.cog.newest || m.underwayLocked(p.cog) > 0 {
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
		m.noteLocked("%s ends", r.what)
	}
	i := slices.Index(m.running, r)
	m.running = slices.Delete(m.running, i, i+1)
	r.instance.running--
	if r.instance.saving > 0 {
		m.faultLocked("%s ended while its instance %v is being saved", r.what, r.instance)
	}
	if r.call != nil {
		close(r.call.ended)
	}
}

// leftBehindLocked reports whether r did not end at the end of a drain. Then other code
// need not wait for it.
func (m *machine) leftBehindLocked(r *run) bool {
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
