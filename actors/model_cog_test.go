package actors_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// A modelCog is the model's record of one cog.
type modelCog struct {
	name    string
	rank    int
	keep    bool // it keeps a value
	serial  bool
	limited bool // it takes few calls in flight, and few held ones
	listens bool // it listens to events

	loaded    bool // it is certainly loaded
	unloading bool
	unloaded  bool // it was unloaded at some time
	newest    int  // number of the newest instance that callers have met
	setups    int
	next      setupScript // for the next Setup
	saved     []string    // the states that Save has returned in time, since the last restore
	abandoned bool        // a save has taken too long
}

// A setupScript tells the user code of one instance how to behave.
type setupScript struct {
	takes        time.Duration
	fails        bool
	panics       bool
	restoreFails bool
	swapped      bool          // the listeners come in another order
	saveTakes    time.Duration // the time that saving takes
	saveHangs    bool          // saving hangs until release
	task         taskScript
}

// A taskScript tells a task how to behave when its context has ended.
type taskScript struct {
	runs  bool
	takes time.Duration
	hangs bool // the task hangs until release
}

// A modelInstance is the model's record of one Setup.
type modelInstance struct {
	setupScript
	cog     *modelCog
	n       int // number of the Setup among this cog's
	gen     uint64
	running int
	tasks   int
	saving  int
	gaveUp  bool // saving has taken longer than its limit
}

func (i *modelInstance) String() string { return fmt.Sprintf("%s#%d", i.cog.name, i.n) }

// cog returns the cog of which c is the record.
func (m *machine) cog(c *modelCog) cogs.Cog {
	cog := cogs.Cog{
		Name:         c.name,
		Serial:       c.serial,
		Timeout:      callTimeout,
		DrainTimeout: m.p.drain,
		Setup:        func(ctx context.Context, r *cogs.Registrar) error { return m.setup(ctx, c, r) },
	}
	if c.limited {
		cog.MaxInFlight, cog.MaxHeld = 8, 6
	}
	return cog
}

func (m *machine) setup(ctx context.Context, c *modelCog, r *cogs.Registrar) error {
	m.mu.Lock()
	c.setups++
	i := &modelInstance{cog: c, n: c.setups, setupScript: c.next, gen: cogs.CallInfo(ctx).Generation}
	c.next = setupScript{}
	m.instances = append(m.instances, i)
	m.noteLocked("Setup of instance %v", i)
	m.mu.Unlock()
	time.Sleep(i.takes)
	if i.panics {
		panic("told to")
	}
	if i.fails {
		return errors.New("told to")
	}
	m.routes(i, r)
	if c.listens {
		m.listen(i, r)
	}
	if c.keep {
		r.KeepFunc("state", func() ([]byte, error) { return m.save(i) }, func(text []byte) error { return m.restore(i, string(text)) })
	}
	if m.p.ticks {
		r.Every(370*time.Millisecond, func(ctx context.Context) error { m.tick(ctx, i); return nil })
	}
	if i.task.runs {
		r.Go(func(ctx context.Context) error { m.runTask(ctx, i); return nil })
	}
	return nil
}

func (m *machine) routes(i *modelInstance, r *cogs.Registrar) {
	handle := func(name string, o cogs.RouteOptions[errand]) {
		cogs.HandleWith(r, wire.Route[errand, int](i.cog.name+"."+name), o, func(ctx context.Context, e errand) (int, error) {
			return m.handle(ctx, i, e)
		})
	}
	handle("plain", cogs.RouteOptions[errand]{})
	handle("serial", cogs.RouteOptions[errand]{Serial: true})
	handle("two", cogs.RouteOptions[errand]{MaxInFlight: 2, MaxWaiting: 3})
	handle("keyed", cogs.RouteOptions[errand]{Key: m.key})
}

// key is the Key of keyed routes.
func (m *machine) key(e errand) string {
	m.mu.Lock()
	c := m.calls[e.N]
	m.mu.Unlock()
	time.Sleep(c.keyTakes)
	if c.keyHangs {
		<-m.freed
	}
	return e.Key
}

// handle is the handler of all routes.
func (m *machine) handle(ctx context.Context, i *modelInstance, e errand) (int, error) {
	m.mu.Lock()
	c := m.calls[e.N]
	r := &run{what: c.String(), instance: i, call: c, deaf: c.deaf, ctx: ctx}
	r.lane, r.limit = c.lane()
	m.enterLocked(r)
	m.mu.Unlock()
	if c.stray != nil {
		m.work.Go(func() { m.strayFrom(context.WithoutCancel(ctx), c) }) // ends with the call that it makes
	}
	defer m.leave(r)
	return m.follow(ctx, c)
}

func (m *machine) follow(ctx context.Context, c *modelCall) (int, error) {
	if err := m.pause(ctx, c, c.takes); err != nil {
		return 0, err
	}
	for _, in := range c.inner {
		if err := ctx.Err(); err != nil && !c.deaf {
			return 0, err
		} else if err != nil {
			break
		}
		m.callInside(ctx, in, c)
	}
	if c.waits {
		if err := m.await(ctx, c); err != nil {
			return 0, err
		}
	}
	switch {
	case c.panics:
		panic("told to")
	case c.fails:
		return 0, wire.Errorf("boom", "told to")
	}
	return c.n, nil
}

// pause lets time pass in a handler.
func (m *machine) pause(ctx context.Context, c *modelCall, d time.Duration) error {
	if c.deaf || d == 0 {
		time.Sleep(d)
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await waits until the call is released.
func (m *machine) await(ctx context.Context, c *modelCall) error {
	done := ctx.Done()
	if c.deaf {
		done = nil
	}
	select {
	case <-c.free:
	case <-m.freed:
	case <-done:
		return ctx.Err()
	}
	return nil
}

// callInside makes a call from inside, with the context of maker's handler, and notes
// its outcome.
func (m *machine) callInside(ctx context.Context, c, maker *modelCall) {
	m.mu.Lock()
	c.maker = maker
	if until, ok := ctx.Deadline(); ok {
		c.patience = max(time.Until(until), 1)
	}
	m.beginLocked(c)
	m.mu.Unlock()
	value, err := cogs.Call(ctx, wire.Route[errand, int](c.cog.name+"."+c.route), errand{c.n, c.key})
	code := wire.Code("ok")
	if err != nil {
		code = classOf(cmp.Or(wire.CodeOf(err), wire.Internal))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answerLocked(c, code, value)
}

// strayFrom makes a call with the context of a handler that has ended.
func (m *machine) strayFrom(ctx context.Context, maker *modelCall) {
	<-maker.ended
	time.Sleep(time.Millisecond)
	m.mu.Lock()
	maker.stray.strays = true
	m.mu.Unlock()
	m.callInside(ctx, maker.stray, maker)
}
