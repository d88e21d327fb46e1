package lane

import (
	"runtime"
	"slices"
	"time"
)

// placeLocked puts t into the lane of its key: to run, or to queue.
func (s *Set[T]) placeLocked(t *Ticket[T]) Position {
	ln := s.lanes[t.key]
	if ln == nil {
		ln = &lane[T]{key: t.key}
		s.lanes[t.key] = ln
	}
	t.lane = ln
	switch {
	// Work that was made inside the lane would wait for itself. Its maker waits
	// for it, so letting it pass keeps the promise of few at a time.
	case len(ln.running) < s.o.Limit, ln.madeInside(t.owner):
		t.state = running
		ln.running = append(ln.running, t)
		return Running
	case !t.passes && s.maxWaiting > 0 && s.waiting >= s.maxWaiting:
		t.state, t.lane = outside, nil
		return Full
	}
	t.state = queued
	ln.queue.push(t)
	s.waiting++
	return Queued
}

// madeInside reports whether owner was made by work that runs in the lane.
func (ln *lane[T]) madeInside(owner interface{ MadeBy(T) bool }) bool {
	return slices.ContainsFunc(ln.running, func(r *Ticket[T]) bool { return owner.MadeBy(r.owner) })
}

// vacateLocked takes t, which runs, out of its lane. It returns the owners that may run
// now.
func (s *Set[T]) vacateLocked(t *Ticket[T]) (turn []T) {
	ln := t.lane
	t.state, t.lane = left, nil
	i := slices.Index(ln.running, t)
	ln.running = slices.Delete(ln.running, i, i+1)
	if next := ln.queue.first; next != nil && len(ln.running) < s.o.Limit {
		ln.queue.take(next)
		s.waiting--
		next.state = running
		ln.running = append(ln.running, next)
		return []T{next.owner}
	}
	if len(ln.running) == 0 {
		delete(s.lanes, ln.key)
	}
	return nil
}

// told lists the owners for Turn and for Full, which are called without mu.
type told[T any] struct{ turn, full []T }

func (s *Set[T]) tell(all told[T]) {
	for _, owner := range all.turn {
		s.o.Turn(owner)
	}
	for _, owner := range all.full {
		s.o.Full(owner)
	}
}

// advanceLocked places the work at the front of the line that has its key. It does not
// report on self, because the caller of advanceLocked looks at self.
func (s *Set[T]) advanceLocked(self *Ticket[T]) (all told[T]) {
	for t := s.line.first; t != nil && t.state == found; t = s.line.first {
		s.line.take(t)
		position := s.placeLocked(t)
		switch {
		case t == self:
		case position == Running:
			all.turn = append(all.turn, t.owner)
		case position == Full:
			all.full = append(all.full, t.owner)
		}
	}
	s.watchLocked()
	return all
}

// watchLocked sets the alarm if the first of the line keeps others waiting.
func (s *Set[T]) watchLocked() {
	first := s.line.first
	if s.alarmed || first == nil || first.behind == nil || first.began.IsZero() {
		return
	}
	s.alarmLocked(first.began.Add(s.patienceLocked()))
}

// alarmLocked sets the alarm to judge the first of the line at that time.
func (s *Set[T]) alarmLocked(due time.Time) {
	s.alarmed, s.due = true, due
	d := time.Until(due)
	if s.alarm == nil {
		s.alarm = time.AfterFunc(d, s.passOver)
		return
	}
	s.alarm.Reset(d)
}

func (s *Set[T]) patienceLocked() time.Duration {
	if s.late > 0 || time.Now().Before(s.strict) {
		return StrictPatience
	}
	return Patience
}

// foundLateLocked ends the search for the key of t, which has lost its place.
func (s *Set[T]) foundLateLocked(t *Ticket[T]) {
	s.late--
	if time.Since(t.began) >= hung {
		s.strict = time.Now().Add(strictTime)
	}
}

// passOver takes the work out of the line that has kept others waiting for too long.
func (s *Set[T]) passOver() {
	// A searching goroutine that was preempted is in the queue of those that can run.
	// This one goes behind it, so that the other has run before it is judged.
	runtime.Gosched()
	runtime.Gosched()
	s.mu.Lock()
	s.alarmed = false
	now, patience := time.Now(), s.patienceLocked()
	for t := s.line.first; t != nil && t.state == reserved && !t.began.IsZero() && now.Sub(t.began) >= patience; t = s.line.first {
		if now.Sub(s.due) >= busy && now.Sub(t.began) < mostPatience {
			s.alarmLocked(now.Add(patience))
			s.mu.Unlock()
			return
		}
		s.line.take(t)
		t.state = late
		s.late++
	}
	all := s.advanceLocked(nil)
	s.mu.Unlock()
	s.tell(all)
}
