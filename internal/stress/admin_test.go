//go:build stress

package stress

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// switchLimit bounds a reload or an unload. It may have to wait for the operation
// before it, and both have the time that calls get, and a second for calls and tasks
// that are late.
const switchLimit = 2 * (drain + 2*time.Second)

// An operator runs operations on the cogs while clients call them.
type operator struct {
	w   *world
	bot *client.Client
}

// administer starts an operator for each cog, and one that asks for several reloads at
// once, until the load ends.
func (w *world) administer(work *sync.WaitGroup) (*operator, error) {
	bot, err := w.client("ws://"+w.addr, adminSecret)
	if err != nil {
		return nil, err
	}
	a := &operator{w: w, bot: bot}
	for _, m := range w.members {
		work.Go(func() {
			for more := true; more && !w.over(); {
				time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
				if m.strict {
					more = a.reloadStrict(m)
				} else {
					more = a.mistreat(m)
				}
			}
		})
	}
	work.Go(func() {
		for more := true; more && !w.over(); {
			time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
			more = a.crowd(w.members[rand.IntN(len(w.members))])
		}
	})
	return a, nil
}

// reloadStrict reloads a cog with exact counts, which keeps its state.
func (a *operator) reloadStrict(m *member) bool {
	fails := []string{"setup fails", "setup panics", "setup is slow"}
	if m.keep {
		fails = append(fails, "save fails", "restore fails")
	}
	if rand.IntN(4) == 0 {
		m.plan.Store(&fails[rand.IntN(len(fails))])
	}
	opts := actors.ReloadOptions{}
	if !m.keep {
		opts = actors.ReloadOptions{Fresh: rand.IntN(4) == 0, Force: rand.IntN(4) == 0}
	}
	return a.reload(m, opts, nil)
}

// mistreat runs one of the worst operations on a cog.
func (a *operator) mistreat(m *member) bool {
	refused := func(err error) bool {
		code := wire.CodeOf(err)
		return errors.Is(err, actors.ErrNotLoaded) || errors.Is(err, actors.ErrLoaded) || errors.Is(err, context.Canceled) ||
			code == wire.NotFound || code == wire.Unavailable || code == "conflict" || strings.Contains(err.Error(), "context canceled")
	}
	switch rand.IntN(8) {
	case 0:
		return a.kill(m, refused)
	case 1:
		return a.unload(m, refused)
	case 2:
		fails := []string{"setup fails", "setup panics", "save fails", "restore fails"}
		m.plan.Store(&fails[rand.IntN(len(fails))])
	}
	return a.reload(m, actors.ReloadOptions{Fresh: rand.IntN(4) == 0, Force: rand.IntN(3) == 0}, refused)
}

func (a *operator) reload(m *member, opts actors.ReloadOptions, refused func(error) bool) bool {
	name := "reload " + m.name
	switch {
	case opts.Fresh && opts.Force:
		name += ", fresh by force"
	case opts.Fresh:
		name += ", fresh"
	case opts.Force:
		name += ", by force"
	}
	return a.w.work.do(operation{name, switchLimit, refused}, func(ctx context.Context) error {
		var got admin.SwitchResult
		var err error
		if rand.IntN(2) == 0 {
			got, err = a.w.srv.Reload(ctx, m.name, &opts)
		} else {
			ctx, cancel := context.WithTimeout(ctx, switchLimit+2*forgiven)
			defer cancel()
			got, err = client.Call(ctx, a.bot, admin.Reload, admin.ReloadRequest{Name: m.name, Fresh: opts.Fresh, Force: opts.Force})
		}
		if err == nil && got.To <= got.From {
			a.w.bad.add("a reload makes no instance", "%s: %+v", name, got)
		}
		if err == nil && got.Lost > 0 {
			a.w.bad.add("a reload loses calls", "%s: %+v", name, got)
		}
		return err
	})
}

// crowd asks for several reloads at once. Reloads that come while one runs become one.
func (a *operator) crowd(m *member) bool {
	refused := func(err error) bool { return !m.strict }
	var crowd sync.WaitGroup
	for range 2 + rand.IntN(3) {
		crowd.Go(func() {
			a.w.work.do(operation{"reload " + m.name + " with others", switchLimit, refused}, a.reloader(m))
		})
	}
	ended := make(chan struct{})
	go func() { crowd.Wait(); close(ended) }() // ends with the operations, which are bounded
	return within(switchLimit+2*forgiven+time.Minute, ended)
}

func (a *operator) reloader(m *member) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := a.w.srv.Reload(ctx, m.name, nil)
		return err
	}
}

// kill lets the instance fail, sometimes during a reload. Then it reloads the cog,
// which revives one that has failed too often.
func (a *operator) kill(m *member, refused func(error) bool) bool {
	restarts := func() int {
		for _, s := range a.w.srv.Cogs() {
			if s.Name == m.name {
				return s.Restarts
			}
		}
		return 0
	}
	beside := make(chan bool, 1)
	if rand.IntN(2) == 0 {
		go func() { beside <- a.reload(m, actors.ReloadOptions{}, refused) }() // ends with the reload, which is bounded
	} else {
		beside <- true
	}
	if !a.w.work.do(operation{"kill " + m.name, switchLimit, refused}, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, switchLimit+2*forgiven)
		defer cancel()
		before := restarts()
		_, err := client.Call(ctx, a.bot, admin.Kill, admin.CogName{Name: m.name})
		if now := restarts(); err == nil && now <= before {
			a.w.bad.add("a kill is answered and nothing restarts", "%s: %d restarts before and %d after", m.name, before, now)
		}
		return err
	}) || !<-beside {
		return false
	}
	time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
	return a.reload(m, actors.ReloadOptions{}, refused)
}

// unload unloads a cog and loads it again.
func (a *operator) unload(m *member, refused func(error) bool) bool {
	outside := rand.IntN(2) == 0
	if !a.w.work.do(operation{"unload " + m.name, switchLimit, refused}, func(ctx context.Context) error {
		if outside {
			ctx, cancel := context.WithTimeout(ctx, switchLimit+2*forgiven)
			defer cancel()
			_, err := client.Call(ctx, a.bot, admin.Unload, admin.CogName{Name: m.name})
			return err
		}
		return a.w.srv.Unload(ctx, m.name)
	}) {
		return false
	}
	time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	return a.load(m, outside, refused)
}

func (a *operator) load(m *member, outside bool, refused func(error) bool) bool {
	return a.w.work.do(operation{"load " + m.name, switchLimit, refused}, func(ctx context.Context) error {
		if outside {
			ctx, cancel := context.WithTimeout(ctx, switchLimit+2*forgiven)
			defer cancel()
			_, err := client.Call(ctx, a.bot, admin.Load, admin.CogName{Name: m.name})
			return err
		}
		return a.w.srv.Load(ctx, m.cog())
	})
}

// revive brings the cogs that were mistreated back into service.
func (a *operator) revive() {
	for _, m := range a.w.members {
		if m.strict {
			continue
		}
		m.plan.Store(nil)
		a.load(m, false, func(err error) bool { return errors.Is(err, actors.ErrLoaded) })
		a.reload(m, actors.ReloadOptions{}, nil)
	}
}
