package actors_test

import (
	"fmt"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// An errand is what requests carry: the number of the call, whose script the cogs
// follow, and its key.
type errand struct {
	N   int    `json:"n"`
	Key string `json:"key"`
}

// A script says what the user code of a call does.
type script struct {
	keyTakes time.Duration // in Key
	keyHangs bool          // until everything is released
	takes    time.Duration
	inner    []*modelCall // calls that it makes then, one after the other
	waits    bool         // until it is released, then
	deaf     bool         // it does not look at its context
	fails    bool
	panics   bool
	stray    *modelCall // made with its context when it has ended
}

// A modelCall is what the model knows of one call.
type modelCall struct {
	script
	n     int
	cog   *modelCog
	route string
	key   string

	line     *line      // nil: from inside
	maker    *modelCall // of calls from inside
	strays   bool       // its maker has ended before it was made
	made     time.Time  // zero: not made so far
	patience time.Duration
	deadline time.Time
	missable bool // its cog was not there for all of its life
	canceled bool // its caller has given it up
	crowd    *crowd
	newest   int // number of the newest instance that had served when it was made

	free     chan struct{} // closed when it need not wait any more
	released bool
	runs     int
	ran      *run
	ended    chan struct{} // closed when its handler has returned
	answered bool
	cut      bool // its connection has ended
	code     wire.Code
	toldAt   time.Time
	before   bool // it had begun to run when it was answered
}

func (c *modelCall) String() string {
	from := "a handler"
	switch {
	case c.line != nil:
		from = c.line.name
	case c.strays:
		from = fmt.Sprintf("what call %d has left behind", c.maker.n)
	case c.maker != nil:
		from = fmt.Sprintf("call %d", c.maker.n)
	}
	key := ""
	if c.route == "keyed" {
		key = " key " + c.key
	}
	return fmt.Sprintf("call %d of %s.%s%s by %s", c.n, c.cog.name, c.route, key, from)
}

// plan makes the record of a call that may be made later.
func (m *machine) plan(cog *modelCog, route, key string) *modelCall {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.planLocked(cog, route, key)
}

func (m *machine) planLocked(cog *modelCog, route, key string) *modelCall {
	c := &modelCall{n: len(m.calls), cog: cog, route: route, key: key, free: make(chan struct{}), ended: make(chan struct{})}
	m.calls = append(m.calls, c)
	return c
}

// lane names what the call shares with others that may not run beside it, and how
// many of them may run at once; "" if it shares nothing.
func (c *modelCall) lane() (name string, limit int) {
	switch {
	case c.cog.serial:
		return c.cog.name, 1
	case c.route == "serial":
		return c.cog.name + ".serial", 1
	case c.route == "keyed":
		return c.cog.name + ".keyed " + c.key, 1
	case c.route == "two":
		return c.cog.name + ".two", 2
	}
	return "", 0
}

// quickKey reports whether the call keeps its place in the order.
func (c *modelCall) quickKey() bool { return !c.keyHangs && c.keyTakes < keyPatience }

// within reports whether c was made by other, directly or through others.
func (c *modelCall) within(other *modelCall) bool {
	for p := c.maker; p != nil; p = p.maker {
		if p == other {
			return true
		}
	}
	return false
}

// begin notes that the call is made now. The caller holds mu.
func (m *machine) begin(c *modelCall) {
	c.made = time.Now()
	c.deadline = c.made.Add(callTimeout)
	if c.patience > 0 && c.patience < callTimeout {
		c.deadline = c.made.Add(c.patience)
	}
	c.newest = c.cog.newest
	c.missable = !c.cog.loaded || c.cog.unloading
	if c.crowd == nil {
		m.note("%v is made", c)
	}
}

// answer notes the outcome of a call. The caller holds mu.
func (m *machine) answer(c *modelCall, code wire.Code, value int) {
	if c.answered {
		m.fault("%v has two outcomes: %q, then %q", c, c.code, code)
		return
	}
	c.answered, c.code, c.toldAt, c.before = true, code, time.Now(), c.runs > 0
	if c.crowd == nil || code != "ok" {
		m.note("%v = %s", c, code)
	}
	if late := c.toldAt.Sub(c.deadline); late > slack {
		m.fault("%v = %s %v after its deadline", c, code, late)
	}
	if why := m.forbidden(c, code, value); why != "" {
		m.fault("%v = %q: %s", c, code, why)
	}
}

// forbidden says why a call may not have that outcome, "" if it may. The caller
// holds mu.
func (m *machine) forbidden(c *modelCall, code wire.Code, value int) string {
	switch code {
	case "ok":
		if value != c.n || c.runs != 1 || c.fails || c.panics {
			return fmt.Sprintf("it returned %d and ran %d times; want %d, once", value, c.runs, c.n)
		}
	case "failed":
		if c.runs != 1 || !c.fails && !c.panics && c.ran.ctx.Err() == nil {
			return fmt.Sprintf("it ran %d times, and was not told to fail", c.runs)
		}
	case wire.Overloaded:
		if c.runs > 0 {
			return "it ran all the same"
		}
		if !c.cog.limited && c.route != "two" {
			return "there is no such limit"
		}
	case wire.NoRoute:
		if c.runs > 0 {
			return "it ran all the same"
		}
		if !c.missable && !m.closing {
			return "its cog was loaded all the time"
		}
	case wire.Unavailable, wire.Interrupted:
		if !m.closing && !c.missable && !m.lossy(c) {
			return "no reload or unload has waited as long as it has to"
		}
	case wire.Timeout:
		if c.line != nil && c.toldAt.Before(c.deadline) {
			return fmt.Sprintf("%v before its deadline", c.deadline.Sub(c.toldAt))
		}
	case wire.Canceled:
		if c.line != nil && !c.canceled && !m.closing {
			return "its caller has not given up"
		}
	default:
		return "it is none of the outcomes that a call may have"
	}
	return ""
}

// lossy reports whether the cog of a call may have cut it off: because a drain has
// come to its end during its life, or an instance that could not be saved was
// replaced. The caller holds mu.
func (m *machine) lossy(c *modelCall) bool {
	if c.cog.abandoned {
		return true
	}
	if m.p.calm {
		return false
	}
	for _, o := range m.orders {
		if o.cog == c.cog && (!o.done || o.ended.After(c.made)) && time.Since(o.began) >= m.p.drain {
			return true
		}
	}
	return false
}
