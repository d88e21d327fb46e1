package actors_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/admin"
)

// A modelOrder is the model's record of a load, a reload, an unload, or Close.
type modelOrder struct {
	what    string
	cog     *modelCog
	opts    actors.ReloadOptions
	began   time.Time
	ahead   int // orders of the cog before this one
	mayFail bool
	done    bool
	ended   time.Time
	err     error
}

func (o *modelOrder) String() string {
	if o.cog == nil {
		return o.what
	}
	text := o.what + " of " + o.cog.name
	if o.opts != (actors.ReloadOptions{}) {
		text += fmt.Sprintf(" %+v", o.opts)
	}
	return text
}

// order gives an order. next is the script of the cog's next Setup.
func (m *machine) order(what string, c *modelCog, opts actors.ReloadOptions, next setupScript) {
	o := &modelOrder{what: what, cog: c, opts: opts, began: time.Now()}
	o.mayFail = next.fails || next.panics || next.restoreFails || c.keep && !m.p.calm
	m.mu.Lock()
	for _, other := range m.orders {
		if other.cog == c && !other.done {
			o.ahead++
			o.mayFail = o.mayFail || other.mayFail
			other.mayFail = other.mayFail || o.mayFail || what == "unload"
		}
	}
	if what == "unload" {
		c.loaded, c.unloading, c.unloaded = false, true, true
		for _, call := range m.calls[1:] {
			if call.cog == c && !call.made.IsZero() && !call.answered {
				call.missable = true
			}
		}
	}
	if what != "unload" {
		c.next = next
	}
	m.orders = append(m.orders, o)
	m.noteLocked("%v", o)
	m.mu.Unlock()
	m.work.Go(func() { m.carryOut(o) })
}

func (m *machine) carryOut(o *modelOrder) {
	ctx := context.Background()
	var d admin.SwitchResult
	switch o.what {
	case "load":
		o.err = m.srv.Load(ctx, m.cog(o.cog))
	case "unload":
		o.err = m.srv.Unload(ctx, o.cog.name)
	case "reload":
		d, o.err = m.srv.Reload(ctx, o.cog.name, &o.opts)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o.done, o.ended = true, time.Now()
	m.noteLocked("%v = %+v, %v", o, d, o.err)
	if o.err != nil && !o.mayFail && !m.closing && !o.cog.abandoned {
		m.faultLocked("%v = %v; want nil", o, o.err)
	}
	if m.p.calm && d.Lost > 0 {
		m.faultLocked("%v lost %d calls, and none would have taken long", o, d.Lost)
	}
	switch o.what {
	case "load":
		o.cog.loaded = o.err == nil
	case "unload":
		o.cog.unloading = false
		if o.err != nil && !errors.Is(o.err, actors.ErrClosed) && !m.closing {
			m.faultLocked("%v = %v; want nil", o, o.err)
		}
	case "reload":
		for _, i := range m.instances {
			if o.err == nil && i.cog == o.cog && i.gen == d.To && !i.fails && !i.panics {
				o.cog.newest = max(o.cog.newest, i.n)
			}
		}
	}
}

// limitLocked returns how long an order may take. Calls that come meanwhile do not
// change that.
func (m *machine) limitLocked(o *modelOrder) time.Duration {
	each := m.p.drain + grace + 500*time.Millisecond
	if o.what == "unload" {
		each += m.p.drain + grace // for the tasks
	}
	if m.p.slowSaves {
		each += 2 * patience // for its own save, and for one that runs already
	}
	if o.cog == nil { // Close: callers may take their answers, then all cogs are unloaded
		return 4*time.Second + time.Duration(2*len(m.cogs))*(each+m.p.drain+grace)
	}
	if m.p.calm { // no user code hangs, so an order waits for work that ends
		each = 500 * time.Millisecond
		for _, c := range m.calls[1:] {
			if !c.made.IsZero() && (!c.answered || c.toldAt.After(o.began)) {
				each += c.takes
			}
		}
	}
	return time.Duration(1+o.ahead) * each
}

// cutOffLocked reports whether calls and events of a cog may have been cut off since
// then.
func (m *machine) cutOffLocked(c *modelCog, since time.Time) bool {
	for _, o := range m.orders {
		if o.cog != c || o.done && o.ended.Before(since) {
			continue
		}
		if !m.p.calm && (!o.done || o.ended.Sub(o.began) >= m.p.drain) {
			return true
		}
	}
	return c.abandoned
}
