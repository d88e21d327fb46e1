package router

import (
	"sync"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// An inflight holds the unanswered calls of a maker by their ids, so that a cancel, the
// end of a connection or a drain finds them. A single call takes no map. Most callers
// have only one, since the calls that run on the reader's goroutine come and go one
// after the other.
type inflight struct {
	mu    sync.Mutex // protects the fields below
	one   *call.Call
	more  map[uint64]*call.Call // the others; nil until there was one
	pins  int                   // how many goroutines go through the calls now
	ended *wire.Error           // the reason why no calls are taken any more
}

// add takes a call.
func (f *inflight) add(c *call.Call) *wire.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addLocked(c)
}

func (f *inflight) addLocked(c *call.Call) *wire.Error {
	switch {
	case f.ended != nil:
		return f.ended
	case f.findLocked(c.ID) != nil:
		return wire.Errorf(wire.BadRequest, "call id %d is in flight already", c.ID)
	case f.one == nil:
		f.one = c
	default:
		if f.more == nil {
			f.more = map[uint64]*call.Call{}
		}
		f.more[c.ID] = c
	}
	return nil
}

// remove forgets a call. pinned reports whether another goroutine goes through the
// calls and may still refer to it.
func (f *inflight) remove(c *call.Call) (pinned bool) {
	f.mu.Lock()
	if f.one == c {
		f.one = nil
	} else if f.more[c.ID] == c {
		delete(f.more, c.ID)
	}
	pinned = f.pins > 0
	f.mu.Unlock()
	return pinned
}

// Find returns the call in flight with that id, nil if there is none.
func (f *inflight) Find(id uint64) *call.Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.findLocked(id)
}

func (f *inflight) findLocked(id uint64) *call.Call {
	if f.one != nil && f.one.ID == id {
		return f.one
	}
	return f.more[id]
}

func (f *inflight) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.countLocked()
}

func (f *inflight) countLocked() int {
	n := len(f.more)
	if f.one != nil {
		n++
	}
	return n
}

// end makes later calls of the maker fail with err.
func (f *inflight) end(err *wire.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended == nil {
		f.ended = err
	}
}

// each calls do for the calls in flight that match. Meanwhile no call is used again,
// since do could get another call then.
func (f *inflight) each(match func(*call.Call) bool, do func(*call.Call)) {
	var list []*call.Call
	f.mu.Lock()
	if f.one != nil && match(f.one) {
		list = append(list, f.one)
	}
	for _, c := range f.more {
		if match(c) {
			list = append(list, c)
		}
	}
	f.pins++
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.pins--
	}()
	for _, c := range list {
		do(c)
	}
}
