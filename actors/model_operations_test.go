package actors_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// operations returns the operations of the machine's profile, by name.
func (m *machine) operations() map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){
		"call":    func(rt *rapid.T) { m.drawCalls(rt, 1) },
		"calls":   func(rt *rapid.T) { m.drawCalls(rt, rapid.IntRange(2, 6).Draw(rt, "calls")) },
		"cancel":  m.drawCancel,
		"release": m.drawRelease,
		"advance": func(rt *rapid.T) {
			m.sleep(rt, time.Duration(rapid.IntRange(1, 300_000).Draw(rt, "µs"))*time.Microsecond)
		},
		"moment": func(rt *rapid.T) {
			m.sleep(rt, time.Duration(rapid.IntRange(1, 9_000).Draw(rt, "µs"))*time.Microsecond)
		},
		"advance far": func(rt *rapid.T) {
			m.sleep(rt, time.Duration(rapid.IntRange(1000, 12_000).Draw(rt, "ms"))*time.Millisecond)
		},
		"reload": m.drawReload,
		"unload": m.drawUnload,
		"load":   m.drawLoad,
		"emit": func(rt *rapid.T) {
			for range rapid.IntRange(1, 3).Draw(rt, "events") {
				m.emit(drawKey(rt))
			}
		},
		"crowd": func(rt *rapid.T) { m.gather(m.drawCog(rt), rapid.IntRange(5, 9).Draw(rt, "callers")) },
	}
	drawn := map[string]func(*rapid.T){"": m.check}
	for _, name := range m.p.ops {
		drawn[name] = all[name]
	}
	return drawn
}

func (m *machine) drawCog(rt *rapid.T) *modelCog {
	return m.cogs[rapid.SampledFrom(m.p.cogs).Draw(rt, "cog")]
}

func drawKey(rt *rapid.T) string { return fmt.Sprint(rapid.IntRange(0, 1).Draw(rt, "key")) }

// oneOf reports true once in n times, if the profile draws it at all.
func oneOf(rt *rapid.T, drawn bool, n int, label string) bool {
	return drawn && rapid.IntRange(0, n-1).Draw(rt, label) == n-1
}

// drawCalls makes several calls at once.
func (m *machine) drawCalls(rt *rapid.T, n int) {
	type arrival struct {
		l    *line
		c    *modelCall
		wait time.Duration
	}
	var list []arrival
	for range n {
		l := m.lines[rapid.IntRange(0, len(m.lines)-1).Draw(rt, "line")]
		c := m.drawCall(rt, nil)
		wait := time.Duration(0)
		if l.v1 && oneOf(rt, m.p.deadlines, 3, "deadline") {
			wait = time.Duration(rapid.IntRange(1, 200).Draw(rt, "ms")) * time.Millisecond
		}
		list = append(list, arrival{l, c, wait})
	}
	for _, a := range list {
		m.mu.Lock()
		// an ipcx connection takes a call when the previous one is answered
		if a.l.v1 || len(a.l.open) == 0 {
			m.sendLocked(a.l, a.c, a.wait)
		}
		m.mu.Unlock()
	}
}

// drawCall draws a call and the calls that it makes from inside.
func (m *machine) drawCall(rt *rapid.T, makers []*modelCall) *modelCall {
	cog := m.drawCog(rt)
	c := m.plan(cog, rapid.SampledFrom(m.p.routes).Draw(rt, "route"), "")
	if c.route == "keyed" {
		c.key = drawKey(rt)
		switch {
		case oneOf(rt, m.p.hangingKeys && (!m.p.heldKeys || m.reloading(cog)), 6, "the key hangs"):
			c.keyHangs = true
		case oneOf(rt, m.p.slowKeys, 4, "the key is slow"):
			c.keyTakes = 3 * time.Millisecond
		}
	}
	for !canWait(c, makers) { // otherwise two calls could wait for each other for ever, without a fault of the server
		c.route, c.key = "plain", ""
		if c.cog.serial {
			c.cog = m.cogs[0]
		}
	}
	// some microseconds more, so that no two calls end at the same moment
	c.takes = time.Duration(rapid.IntRange(0, 20).Draw(rt, "takes ms"))*time.Millisecond + time.Duration(c.n%997)*time.Microsecond
	c.waits = oneOf(rt, m.p.waits, 3, "waits")
	c.deaf = oneOf(rt, m.p.deaf, 4, "deaf")
	c.fails = oneOf(rt, m.p.fails, 8, "fails")
	c.panics = oneOf(rt, m.p.fails, 8, "panics")
	if depth := len(makers); depth < 3 && m.p.inner {
		for range max(0, rapid.IntRange(-depth, 2).Draw(rt, "inner calls")) {
			c.inner = append(c.inner, m.drawCall(rt, append(slices.Clone(makers), c)))
		}
	}
	if len(makers) == 0 && oneOf(rt, m.p.strays, 2, "leaves a call behind") {
		c.stray = m.drawCall(rt, make([]*modelCall, 3))
	}
	return c
}

// canWait reports whether a call may wait for its turn while its makers run. If lanes
// were not taken in one order, calls could wait for each other.
func canWait(c *modelCall, makers []*modelCall) bool {
	name, limit := c.lane()
	if name == "" {
		return true
	}
	for _, maker := range makers {
		if maker == nil { // no maker waits for the call
			continue
		}
		other, _ := maker.lane()
		if other == name && limit == 1 {
			return true // the call passes its maker in the lane
		}
	}
	for _, maker := range makers {
		if maker == nil {
			continue
		}
		if other, _ := maker.lane(); other != "" && other >= name {
			return false
		}
	}
	return true
}

func (m *machine) drawCancel(rt *rapid.T) {
	m.mu.Lock()
	var open []*modelCall
	for _, l := range m.lines {
		if l.v1 {
			open = append(open, l.open...)
		}
	}
	m.mu.Unlock()
	if len(open) == 0 {
		rt.Skip("nothing to cancel")
	}
	m.cancel(open[rapid.IntRange(0, len(open)-1).Draw(rt, "which")])
}

func (m *machine) drawRelease(rt *rapid.T) {
	m.mu.Lock()
	var waiting []*modelCall
	for _, r := range m.running {
		if r.call != nil && r.call.waits && !r.call.released {
			waiting = append(waiting, r.call)
		}
	}
	slices.SortFunc(waiting, func(a, b *modelCall) int { return a.n - b.n })
	m.mu.Unlock()
	if len(waiting) == 0 {
		rt.Skip("nothing waits")
	}
	c := waiting[rapid.IntRange(0, len(waiting)-1).Draw(rt, "which")]
	m.mu.Lock()
	defer m.mu.Unlock()
	c.released = true
	m.noteLocked("%v need not wait any more", c)
	close(c.free)
}
