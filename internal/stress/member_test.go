//go:build stress

package stress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
)

// drain is the DrainTimeout of the cogs. No handler takes longer than some
// milliseconds, so a call that a reload cuts off has waited for something that waited
// for the reload.
const drain = 5 * time.Second

// A member is a cog of the bot, over all its instances.
type member struct {
	w       *world
	name    string
	keep    bool // it hands state over
	serial  bool
	strict  bool // it is never killed nor unloaded, so its counts are exact
	limit   int  // MaxInFlight
	next    string
	lane    *lane // of a serial cog
	keys    [5]*lane
	tasks   *lane
	ticks   *lane
	plan    atomic.Pointer[string] // the planned failure of the next Setup or handover
	made    atomic.Int64           // number of Setups that have begun
	cleaned atomic.Int64           // number of cleanups that have run
	ticked  atomic.Int64
}

// An instance is one Setup of a member.
type instance struct {
	*member
	generation uint64
	running    atomic.Int64 // handlers, listeners and ticks
	clean      atomic.Bool  // its cleanup has run

	mu sync.Mutex // protects n, except in a serial cog, where one call runs at a time
	n  int        // calls that have run
}

func newMember(w *world, m *member) *member {
	m.w = w
	m.lane = &lane{name: "serial cog " + m.name, bad: w.bad}
	m.tasks = &lane{name: "tasks of " + m.name, bad: w.bad}
	m.ticks = &lane{name: "ticks of " + m.name, bad: w.bad}
	for i := range m.keys {
		m.keys[i] = &lane{name: "key " + strconv.Itoa(i) + " of " + m.name, bad: w.bad}
	}
	return m
}

func (m *member) cog() cogs.Cog {
	return cogs.Cog{Name: m.name, Serial: m.serial, MaxInFlight: m.limit, DrainTimeout: drain, Setup: m.setup}
}

// planned takes a failure that an admin has asked for, if it is one of the given ones.
func (m *member) planned(kinds ...string) string {
	p := m.plan.Load()
	for _, k := range kinds {
		if p != nil && *p == k && m.plan.CompareAndSwap(p, nil) {
			return k
		}
	}
	return ""
}

func (m *member) setup(ctx context.Context, r *cogs.Registrar) error {
	i := &instance{member: m, generation: cogs.CallInfo(ctx).Generation}
	m.made.Add(1)
	r.Cleanup(i.cleanup)
	i.handlers(r)
	i.listeners(r)
	if m.keep {
		i.keeps(r)
	} else {
		r.Go(i.task)
	}
	r.Every(25*time.Millisecond, i.tick)
	switch m.planned("setup fails", "setup panics", "setup is slow") {
	case "setup fails":
		return errors.New("planned: setup fails")
	case "setup panics":
		panic("planned: setup panics")
	case "setup is slow":
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
	}
	return nil
}

func (i *instance) keeps(r *cogs.Registrar) {
	cogs.Keep(r, "n", &i.n)
	r.KeepFunc("quiet", func() ([]byte, error) {
		if n := i.running.Load(); n != 0 {
			i.w.bad.add("state is read while the instance runs", "%d calls run in %s@%d", n, i.name, i.generation)
		}
		if rand.IntN(10) == 0 {
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		}
		if i.planned("save fails") != "" {
			return nil, errors.New("planned: save fails")
		}
		return []byte("0"), nil
	}, func([]byte) error {
		if i.planned("restore fails") != "" {
			return errors.New("planned: restore fails")
		}
		return nil
	})
}

func (i *instance) cleanup() {
	i.cleaned.Add(1)
	if n := i.running.Load(); n != 0 {
		i.w.bad.add("a cleanup runs beside its instance", "%d calls run in %s@%d", n, i.name, i.generation)
	}
	if i.clean.Swap(true) {
		i.w.bad.add("a cleanup runs twice", "of %s@%d", i.name, i.generation)
	}
}

// enter notes that code of the instance runs, in the lanes that are not nil. It returns
// a function that notes the end.
func (i *instance) enter(id uint64, path string, lanes ...*lane) (leave func()) {
	i.running.Add(1)
	if i.clean.Load() {
		i.w.bad.add("an instance runs after its cleanup", "call %d in %s@%d", id, i.name, i.generation)
	}
	if i.serial {
		lanes = append(lanes, i.lane)
	}
	for _, l := range lanes {
		l.enter(id, path)
	}
	return func() {
		for _, l := range lanes {
			l.leave(id)
		}
		i.running.Add(-1)
	}
}

// count counts a call in the kept state. A serial cog does so without a lock, so the
// race detector finds code that runs beside it.
func (i *instance) count() {
	if !i.serial {
		i.mu.Lock()
		defer i.mu.Unlock()
	}
	i.n++
}

func (i *instance) tick(ctx context.Context) error {
	id := i.w.anonymous()
	defer i.enter(id, "", i.ticks)()
	i.ticked.Add(1)
	if got := cogs.CallInfo(ctx).Generation; got != i.generation {
		i.w.bad.add("a context tells of another instance", "a tick of %s@%d has generation %d", i.name, i.generation, got)
	}
	time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
	return nil
}

// task calls routes of the bot until the load or the instance ends.
func (i *instance) task(ctx context.Context) error {
	id := i.w.anonymous()
	i.tasks.enter(id, "")
	defer i.tasks.leave(id)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Duration(5+rand.IntN(25)) * time.Millisecond):
		}
		if !i.w.over() {
			_ = i.w.callInside(ctx, byTask, i.w.pick(), ask{N: rand.IntN(4)})
		}
	}
}

func (i *instance) String() string { return fmt.Sprintf("%s@%d", i.name, i.generation) }
