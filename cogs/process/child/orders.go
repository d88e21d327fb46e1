package child

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/spec"
	"github.com/cogbus/cogbus/wire"
)

// obey carries out the bot's orders for the instance, one after the other. It ends with the
// order to quit.
func (c *child) obey() {
	for f := range c.orders {
		live := c.live.Load()
		if live == nil && f.Kind != frames.Setup && f.Kind != frames.Quit {
			c.reply(f.ID, nil, errNoSetup)
			continue
		}
		switch f.Kind {
		case frames.Setup:
			offer, err := c.setUp(f.Body)
			text, _ := json.Marshal(offer) // cannot fail: it has only strings and numbers
			c.reply(f.ID, text, err)
		case frames.Start:
			c.router.Subscribe(live.gate, live.Generation)
			live.Instance.Start(c.task.Context(context.Background()), nil, c.failed)
			c.reply(f.ID, nil, nil)
		case frames.Stop:
			c.router.Subscribe(live.gate, nil)
			tasks := live.Instance.Stop()
			go func() { <-tasks; c.reply(f.ID, nil, nil) }() // ends when the tasks end, which may be after other orders
		case frames.Save:
			text, err := c.save(live, f.Name)
			c.reply(f.ID, text, err)
		case frames.Restore:
			c.reply(f.ID, nil, live.Instance.RestoreValue(f.Name, f.Body))
		case frames.Quit:
			var err error
			if live != nil {
				c.router.Subscribe(live.gate, nil)
				live.Instance.Stop()                            // the bot has not given the order to stop if a task has failed
				err = live.Instance.Close(context.Background()) // without a limit: the bot kills a process that takes too long
			}
			c.reply(f.ID, nil, err)
			c.out.Wait()
			close(c.quit)
			_ = c.conn.Close()
			return
		}
	}
}

var errNoSetup = errors.New("no Setup has succeeded")

// setUp runs Setup, and returns the routes, events, ticks and kept values of the instance.
func (c *child) setUp(body []byte) (offer frames.Offer, err error) {
	var r frames.Request
	if err := json.Unmarshal(body, &r); err != nil {
		return offer, err
	}
	switch {
	case r.ABI != frames.ABI:
		return offer, fmt.Errorf("the bot uses version %d of the frames, the cog version %d; build the cog again", r.ABI, frames.ABI)
	case c.live.Load() != nil:
		return offer, errors.New("Setup has already succeeded")
	}
	c.cog.Name = r.Cog
	setup := &router.TaskContext{Router: c.router, Cog: r.Cog, Generation: r.Generation}
	c.task = &router.TaskContext{Router: c.router, Cog: r.Cog, Generation: r.Generation}
	o := instance.Options{
		Generation: r.Generation,
		Reason:     instance.Reason(r.Reason),
		Reload:     func() { _ = c.out.Send(&frames.Frame{Kind: frames.Reload}) },
	}
	if r.Host {
		o.Host = c.host
	}
	i, err := instance.Open(setup.Context(context.Background()), spec.Of(c.cog), o)
	if err != nil {
		limit, cancel := context.WithTimeout(context.Background(), quiet)
		defer cancel()
		return offer, errors.Join(err, i.Close(limit))
	}
	g := c.router.NewGate(i.Cog())
	gen := g.Next(r.Generation, i, nil)
	if err := c.router.Publish(r.Cog, gen); err != nil {
		return offer, err
	}
	g.Swap(gen)
	c.live.Store(&live{g, gen})
	return c.offer(i), nil
}

func (c *child) offer(i *instance.Instance) frames.Offer {
	offer := frames.Offer{
		ABI:     frames.ABI,
		Routes:  []frames.Route{},
		Timeout: c.cog.Timeout.Milliseconds(),
		Keeps:   i.Kept(),
		Tasks:   i.Tasks(),
	}
	for _, e := range i.Endpoints() {
		limit := cmp.Or(e.Timeout, c.cog.Timeout)
		offer.Routes = append(offer.Routes, frames.Route{Name: e.Name, Timeout: limit.Milliseconds()})
	}
	for _, l := range i.Listeners() {
		if l.Host == instance.Host(c.host) && !slices.Contains(offer.Events, l.Event) {
			offer.Events = append(offer.Events, l.Event)
		}
	}
	for _, every := range i.Intervals() {
		offer.Ticks = append(offer.Ticks, max(every.Milliseconds(), 1))
	}
	return offer
}

// failed tells the bot that a task has failed. The bot then restarts the cog.
func (c *child) failed(err error) {
	_ = c.out.Send(&frames.Frame{Kind: frames.Fail, Body: appendError(nil, err)})
}

// quiet is how long save waits for calls that the bot believes to be over, and how long a
// failed Setup has for its cleanups before the bot gets its error.
const quiet = time.Second

// save returns a kept value when no call of the instance runs any more. The bot has stopped
// the tasks before.
func (c *child) save(live *live, name string) ([]byte, error) {
	live.gate.Hold()
	defer live.gate.Reopen()
	select {
	case <-live.gate.Drained(live.Generation):
	case <-time.After(quiet):
		return nil, wire.Errorf(wire.Unavailable, "%d calls still run", live.InFlight())
	}
	return live.Instance.SaveValue(name)
}
