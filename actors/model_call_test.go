package actors_test

import (
	"fmt"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// An errand is the data of requests: the number of the call, by which the cogs find its
// script, and its key.
type errand struct {
	N   int    `json:"n"`
	Key string `json:"key"`
}

// A script tells the user code of a call how to behave.
type script struct {
	keyTakes time.Duration // the time that Key takes
	keyHangs bool          // Key hangs until release
	takes    time.Duration
	inner    []*modelCall // calls that the handler makes then, one after the other
	waits    bool         // then the handler waits until it is released
	deaf     bool         // the handler ignores its context
	fails    bool
	panics   bool
	stray    *modelCall // a call that the handler makes with its context after it has ended
}

// A modelCall is the model's record of one call.
type modelCall struct {
	script
	n     int
	cog   *modelCog
	route string
	key   string

	line     *line      // the connection; nil: a call from inside
	maker    *modelCall // of a call from inside: the call whose handler makes it
	strays   bool       // its maker had ended before it was made
	made     time.Time  // zero: not made yet
	patience time.Duration
	deadline time.Time
	missable bool // its cog was not loaded for all of its life
	canceled bool // its caller has given it up
	crowd    *crowd
	newest   int // number of the newest instance that had served when the call was made

	free     chan struct{} // closed when the handler need not wait any more
	released bool
	runs     int
	ran      *run
	ended    chan struct{} // closed when the handler has returned
	answered bool
	cut      bool // its connection has ended
	code     wire.Code
	toldAt   time.Time
	before   bool // the handler had begun to run when the call was answered
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

// plan makes the record of a call, which may be made later.
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

// lane returns the name of the lane that the call shares with others, and how many of
// them may run at once; "" if it shares none.
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

// within reports whether other made c, directly or through others.
func (c *modelCall) within(other *modelCall) bool {
	for p := c.maker; p != nil; p = p.maker {
		if p == other {
			return true
		}
	}
	return false
}

// beginLocked notes that the call is made now.
func (m *machine) beginLocked(c *modelCall) {
	c.made = time.Now()
	c.deadline = c.made.Add(callTimeout)
	if c.patience > 0 && c.patience < callTimeout {
		c.deadline = c.made.Add(c.patience)
	}
	c.newest = c.cog.newest
	c.missable = !c.cog.loaded || c.cog.unloading
	if c.crowd == nil {
		m.noteLocked("%v is made", c)
	}
}

// answerLocked notes the outcome of a call.
func (m *machine) answerLocked(c *modelCall, code wire.Code, value int) {
	if c.answered {
		m.faultLocked("%v has two outcomes: %q, then %q", c, c.code, code)
		return
	}
	c.answered, c.code, c.toldAt, c.before = true, code, time.Now(), c.runs > 0
	if c.crowd == nil || code != "ok" {
		m.noteLocked("%v = %s", c, code)
	}
	if late := c.toldAt.Sub(c.deadline); late > slack {
		m.faultLocked("%v = %s %v after its deadline", c, code, late)
	}
	if why := m.forbiddenLocked(c, code, value); why != "" {
		m.faultLocked("%v = %q: %s", c, code, why)
	}
}

// forbiddenLocked returns the reason why a call may not have that outcome, "" if it
// may.
func (m *machine) forbiddenLocked(c *modelCall, code wire.Code, value int) string {
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
		if !m.closing && !c.missable && !m.lossyLocked(c) {
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

// lossyLocked reports whether the cog of a call may have cut it off: because a drain
// has come to its end during its life, or an instance that could not be saved was
// replaced.
func (m *machine) lossyLocked(c *modelCall) bool {
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
