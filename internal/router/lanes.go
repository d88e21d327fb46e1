package router

import (
	"slices"
	"sync"

	"github.com/cogbus/cogbus/wire"
)

// lanes make calls wait for their turn: each key has its own lane, in which a
// few may run at once. A route without keys has one lane; the routes of a serial
// cog share one, and the listeners of a cog share theirs.
type lanes struct {
	limit  int  // how many run at once in each lane
	single bool // keys do not matter: there is one lane

	mu         sync.Mutex // protects the fields below, and lane of the calls
	maxWaiting int        // how many wait in all lanes; 0: as many as the cog admits
	byKey      map[string]*lane
	waiting    int
}

type lane struct {
	key     string
	running []*Call
	queue   []*Call
}

func newLanes(limit, maxWaiting int) *lanes {
	return &lanes{limit: limit, maxWaiting: maxWaiting, byKey: map[string]*lane{}}
}

// submit puts an admitted call into the lane of key. It reports whether the
// caller is to run it now.
func (l *lanes) submit(c *Call, key string) bool {
	l.mu.Lock()
	ln := l.byKey[key]
	if ln == nil {
		ln = &lane{key: key}
		l.byKey[key] = ln
	}
	// A call made from inside the lane would wait for itself. Its maker waits
	// for it, so letting it pass keeps the promise of one at a time.
	if len(ln.running) < l.limit || ln.holds(c.parent) {
		ln.running = append(ln.running, c)
		c.lane = ln
		l.mu.Unlock()
		return true
	}
	if l.maxWaiting > 0 && l.waiting >= l.maxWaiting {
		l.mu.Unlock()
		c.dismiss(overloaded("the queue of route %q is full", c.endpoint))
		return false
	}
	if c.stage.Load() == waiting {
		ln.queue = append(ln.queue, c)
		c.lane = ln
		l.waiting++
	}
	l.mu.Unlock()
	c.arm()
	return false
}

// holds reports whether a call that led to p, or p itself, runs in the lane.
func (ln *lane) holds(p *Call) bool {
	for ; p != nil; p = p.parent {
		if p.lane == ln {
			return true
		}
	}
	return false
}

// release is told that c does not run any more, and starts the next one.
func (l *lanes) release(c *Call) {
	l.mu.Lock()
	next := l.vacate(c.lane, c)
	l.mu.Unlock()
	if next != nil {
		next.HandOff()
	}
}

// vacate takes c out of those that run in ln and returns the call whose turn it
// is, if any. A call that was evicted is not there any more. The caller holds mu.
func (l *lanes) vacate(ln *lane, c *Call) *Call {
	i := slices.Index(ln.running, c)
	if i < 0 {
		return nil
	}
	ln.running = slices.Delete(ln.running, i, i+1)
	if len(ln.queue) > 0 && len(ln.running) < l.limit {
		next := ln.queue[0]
		ln.queue = slices.Delete(ln.queue, 0, 1)
		l.waiting--
		ln.running = append(ln.running, next)
		return next
	}
	if len(ln.running) == 0 && len(ln.queue) == 0 {
		delete(l.byKey, ln.key)
	}
	return nil
}

// evict takes the running calls of gen out of their lanes, as if they had
// returned.
func (l *lanes) evict(gen *Generation) {
	var next []*Call
	l.mu.Lock()
	for _, ln := range l.byKey {
		for _, c := range slices.Clone(ln.running) {
			if c.route.generation == gen {
				if n := l.vacate(ln, c); n != nil {
					next = append(next, n)
				}
			}
		}
	}
	l.mu.Unlock()
	for _, c := range next {
		c.HandOff()
	}
}

// orOld returns the lanes of the generation before, if they are of the same kind.
func (l *lanes) orOld(old *lanes) *lanes {
	if old == nil || old.limit != l.limit || old.single != l.single {
		return l
	}
	return old
}

// bound sets how many may wait.
func (l *lanes) bound(maxWaiting int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.maxWaiting = maxWaiting
}

// length returns how many calls wait.
func (l *lanes) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}

// remove takes a call that was given up out of its lane.
func (l *lanes) remove(c *Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.lane == nil {
		return
	}
	if i := slices.Index(c.lane.queue, c); i >= 0 {
		c.lane.queue = slices.Delete(c.lane.queue, i, i+1)
		l.waiting--
	}
}

func overloaded(format string, args ...any) *wire.Error {
	e := wire.Errorf(wire.Overloaded, format, args...)
	e.RetryAfter = retryOverloaded
	return e
}
