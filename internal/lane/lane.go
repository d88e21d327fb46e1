// Package lane decides which work runs next. It knows nothing of the work itself, and
// runs none.
//
// Each key has a lane of its own, in which few may run at a time; the others queue in
// order of arrival. Work whose key is not known yet takes a place in the line of a
// [Set] when it arrives. So the keys of several may be found at different times, on
// different goroutines, and the order of the work stays the same:
//
//	Reserve → Seek (its key is found) → Commit → Running or Queued → Leave
//	Enter, where there are no keys → Running or Queued → Leave
package lane

import (
	"slices"
	"sync"
	"time"
)

// Work waits for its turn. T is a pointer type.
type Work[T any] interface {
	comparable

	// MadeBy reports whether the work was made by other, directly or through
	// others that have not ended.
	MadeBy(other T) bool
}

// A Position is where work is after it has asked for its turn.
type Position int

// The positions.
const (
	Running Position = iota // its turn has come: the caller runs it
	Queued                  // Set's turn function is told when its turn has come
	Full                    // too many wait: it has no place
	Gone                    // it has left before: the caller does not run it
)

// These bounds say for how long the search for one key keeps the work behind it in the
// line waiting. Work with a slower key loses its place, and gets another one when its
// key is found. A set is strict while a search takes too long, and for some time after
// a search that has hung.
//
// A busy machine may keep the searching goroutine, or its thread, from running for some
// tens of milliseconds. The alarm may be late too then, and a late alarm gives the
// search more time.
const (
	Patience       = 100 * time.Millisecond
	StrictPatience = 2 * time.Millisecond
	mostPatience   = 500 * time.Millisecond // on a busy machine
	busy           = time.Millisecond       // that an alarm is late
	hung           = time.Second            // no machine is that busy
	strictTime     = 10 * time.Second
)

// Options say how a Set decides.
type Options[T any] struct {
	Limit      int  // how many run at once in each lane
	MaxWaiting int  // how many wait in all lanes together; 0: no limit
	Single     bool // there is one lane for all keys

	// Turn is told of each T that has queued and may run now, Full of each that has
	// lost its place to MaxWaiting after others have waited for its key. Neither may
	// block.
	Turn, Full func(T)
}

// A Set holds the lanes of a route, or of several that share them. Its methods may
// be called by any number of goroutines.
type Set[T Work[T]] struct {
	o Options[T]

	mu         sync.Mutex // protects the fields below, and the tickets
	maxWaiting int
	lanes      map[string]*lane[T]
	waiting    int         // in all lanes
	line       list[T]     // work in order of arrival, from the first that has no key yet
	alarm      *time.Timer // runs passOver; nil until it was needed
	alarmed    bool        // alarm is set
	due        time.Time   // for when
	late       int         // searches that take too long, at the moment
	strict     time.Time   // the set is strict until this time, even if no search takes too long
}

type lane[T any] struct {
	key     string
	running []*Ticket[T]
	queue   list[T]
}

// New returns a set without lanes.
func New[T Work[T]](o Options[T]) *Set[T] {
	return &Set[T]{o: o, maxWaiting: o.MaxWaiting, lanes: map[string]*lane[T]{}}
}

// Alike reports whether a set of the same kind as s can take its place.
func (s *Set[T]) Alike(other *Set[T]) bool {
	return s.o.Limit == other.o.Limit && s.o.Single == other.o.Single
}

// Single reports whether there is one lane for all keys.
func (s *Set[T]) Single() bool { return s.o.Single }

// OneAtATime reports whether one runs at a time in each lane.
func (s *Set[T]) OneAtATime() bool { return s.o.Limit == 1 }

// Enter gives owner a place in the one lane of a set that has no keys. If passes is
// true, MaxWaiting does not count.
func (s *Set[T]) Enter(t *Ticket[T], owner T, passes bool) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.state == left { // it was given up meanwhile
		return Gone
	}
	t.owner, t.passes = owner, passes
	return s.placeLocked(t)
}

// Reserve gives owner a place in the line, since owner has arrived and its key will
// only be known at Commit. If passes is true, MaxWaiting does not count.
func (s *Set[T]) Reserve(t *Ticket[T], owner T, passes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.state == left {
		return // it was given up meanwhile
	}
	t.owner, t.passes, t.state = owner, passes, reserved
	s.line.push(t)
}

// Seek says that the search for the key begins: user code runs from now on.
func (s *Set[T]) Seek(t *Ticket[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.began = time.Now()
	s.watchLocked()
}

// Commit tells the key of work that has reserved a place.
func (s *Set[T]) Commit(t *Ticket[T], key string) Position {
	if s.o.Single {
		key = ""
	}
	s.mu.Lock()
	t.key = key
	switch t.state {
	case reserved:
		t.state = found
	case late:
		defer s.mu.Unlock()
		s.foundLateLocked(t)
		return s.placeLocked(t)
	default:
		s.mu.Unlock()
		return Gone
	}
	if s.line.first == t && t.behind == nil { // nobody else is there
		s.line.take(t)
		defer s.mu.Unlock()
		return s.placeLocked(t)
	}
	all := s.advanceLocked(t)
	position := Queued // t is in its lane or in the line: the caller does the same in both cases
	switch t.state {
	case running:
		position = Running
	case outside:
		position = Full
	}
	s.mu.Unlock()
	s.tell(all)
	return position
}

// Leave takes work out of the set, wherever it is there, because it has run or was
// given up.
func (s *Set[T]) Leave(t *Ticket[T]) {
	var all told[T]
	s.mu.Lock()
	switch t.state {
	case running:
		all.turn = s.vacateLocked(t)
	case queued:
		t.in.take(t)
		s.waiting--
	case reserved, found:
		t.in.take(t)
		all = s.advanceLocked(t)
	case late:
		s.foundLateLocked(t)
	}
	t.state, t.lane = left, nil
	s.mu.Unlock()
	s.tell(all)
}

// Evict takes the running work that matches out of its lanes, as if it had left.
func (s *Set[T]) Evict(match func(T) bool) {
	var all told[T]
	s.mu.Lock()
	for _, ln := range s.lanes {
		for _, t := range slices.Clone(ln.running) {
			if match(t.owner) {
				all.turn = append(all.turn, s.vacateLocked(t)...)
			}
		}
	}
	s.mu.Unlock()
	s.tell(all)
}

// Behind returns the work that waits for t, which runs, to leave.
func (s *Set[T]) Behind(t *Ticket[T]) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.state != running {
		return nil
	}
	var owners []T
	for w := t.lane.queue.first; w != nil; w = w.behind {
		owners = append(owners, w.owner)
	}
	return owners
}

// SetMaxWaiting changes how many may wait.
func (s *Set[T]) SetMaxWaiting(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maxWaiting = n
}

// Waiting returns how many wait for their turn.
func (s *Set[T]) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting + s.line.length
}
