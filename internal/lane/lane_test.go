package lane

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A job is work that records the calls of the set's functions.
type job struct {
	name   string
	maker  *job
	ticket Ticket[*job]
	log    *log
}

func (j *job) MadeBy(other *job) bool {
	for m := j.maker; m != nil; m = m.maker {
		if m == other {
			return true
		}
	}
	return false
}

type log struct {
	mu    sync.Mutex // protects lines
	lines []string
}

func (l *log) add(what string, j *job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, what+" "+j.name)
}

// take returns the lines since it was last called.
func (l *log) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := strings.Join(l.lines, ", ")
	l.lines = nil
	return all
}

func newSet(limit, maxWaiting int) (*Set[*job], *log, func(name string) *job) {
	l := &log{}
	s := New(Options[*job]{
		Limit:      limit,
		MaxWaiting: maxWaiting,
		Turn:       func(j *job) { l.add("turn", j) },
		Full:       func(j *job) { l.add("full", j) },
	})
	return s, l, func(name string) *job { return &job{name: name, log: l} }
}

func wantPosition(t *testing.T, what string, got, want Position) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %d; want %d", what, got, want)
	}
}

func wantLog(t *testing.T, l *log, want string) {
	t.Helper()
	if got := l.take(); got != want {
		t.Errorf("the set told %q; want %q", got, want)
	}
}

// TestSet_keysFoundOutOfOrder finds the keys of three in another order than that of
// their arrival.
func TestSet_keysFoundOutOfOrder(t *testing.T) {
	s, l, work := newSet(1, 0)
	a, b, c := work("a"), work("b"), work("c")
	for _, j := range []*job{a, b, c} {
		s.Reserve(&j.ticket, j, false)
	}
	wantPosition(t, "Commit(c)", s.Commit(&c.ticket, "k"), Queued)
	wantPosition(t, "Commit(b)", s.Commit(&b.ticket, "k"), Queued)
	wantLog(t, l, "")
	wantPosition(t, "Commit(a)", s.Commit(&a.ticket, "k"), Running)
	wantLog(t, l, "")
	s.Leave(&a.ticket)
	wantLog(t, l, "turn b")
	s.Leave(&b.ticket)
	wantLog(t, l, "turn c")
	s.Leave(&c.ticket)
	if n := len(s.lanes); n != 0 || s.Waiting() != 0 {
		t.Errorf("%d lanes are left, and %d wait; want none", n, s.Waiting())
	}
}

// TestSet_aKeyThatHangs lets the search for a key take for ever. The work loses its
// place: the first time after mostPatience, and while the set is strict much earlier.
func TestSet_aKeyThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l, work := newSet(1, 0)
		for round, patience := range []time.Duration{Patience, Patience, StrictPatience, StrictPatience} {
			hangs, quick := work("hangs"), work("quick")
			s.Reserve(&hangs.ticket, hangs, false)
			s.Reserve(&quick.ticket, quick, false)
			time.Sleep(time.Second) // nothing runs yet: that is not the key's fault
			s.Seek(&hangs.ticket)
			s.Seek(&quick.ticket)
			wantPosition(t, fmt.Sprint("Commit in round ", round), s.Commit(&quick.ticket, "k"), Queued)
			time.Sleep(patience - 1)
			synctest.Wait()
			wantLog(t, l, "")
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			wantLog(t, l, "turn quick")
			if round > 0 {
				time.Sleep(hung) // the first one was only slow
			}
			wantPosition(t, "Commit of what has lost its place", s.Commit(&hangs.ticket, "k"), Queued)
			s.Leave(&quick.ticket)
			wantLog(t, l, "turn hangs")
			s.Leave(&hangs.ticket)
		}
	})
}

// TestSet_leaveFromEverywhere lets work leave while it waits for its key, behind
// another's key, or in its queue, and lets it leave twice.
func TestSet_leaveFromEverywhere(t *testing.T) {
	s, l, work := newSet(1, 0)
	a, b, c, d := work("a"), work("b"), work("c"), work("d")
	for _, j := range []*job{a, b, c, d} {
		s.Reserve(&j.ticket, j, false)
	}
	s.Commit(&b.ticket, "k")
	s.Commit(&c.ticket, "k")
	s.Commit(&d.ticket, "other")
	s.Leave(&c.ticket) // behind a
	s.Leave(&a.ticket) // its key was not found
	wantLog(t, l, "turn b, turn d")
	wantPosition(t, "Commit(a), which has left", s.Commit(&a.ticket, "k"), Gone)
	e := work("e")
	s.Reserve(&e.ticket, e, false)
	wantPosition(t, "Commit(e)", s.Commit(&e.ticket, "k"), Queued)
	s.Leave(&e.ticket)
	s.Leave(&b.ticket)
	s.Leave(&b.ticket)
	s.Leave(&d.ticket)
	wantLog(t, l, "")
	for _, what := range []string{"before Enter", "before Reserve"} { // it was given up between admission and order
		f := work(what)
		s.Leave(&f.ticket)
		if what == "before Enter" {
			wantPosition(t, "Enter of what has left", s.Enter(&f.ticket, f, false), Gone)
			continue
		}
		s.Reserve(&f.ticket, f, false)
		wantPosition(t, "Commit of what has left", s.Commit(&f.ticket, "k"), Gone)
	}
	if s.Waiting() != 0 || len(s.lanes) != 0 {
		t.Errorf("%d wait in %d lanes; want none", s.Waiting(), len(s.lanes))
	}
}

// TestSet_full tests the bound with keys found in their order, and with keys found at
// once.
func TestSet_full(t *testing.T) {
	s, l, work := newSet(1, 1)
	a, b, c, d := work("a"), work("b"), work("c"), work("d")
	for _, j := range []*job{a, b, c} {
		s.Reserve(&j.ticket, j, false)
	}
	s.Commit(&b.ticket, "")
	s.Commit(&c.ticket, "")
	wantPosition(t, "Commit(a)", s.Commit(&a.ticket, ""), Running)
	wantLog(t, l, "full c")
	s.Reserve(&d.ticket, d, false)
	wantPosition(t, "Commit(d)", s.Commit(&d.ticket, ""), Full)
	p := work("p")
	s.Reserve(&p.ticket, p, true)
	wantPosition(t, "Commit(p), which passes", s.Commit(&p.ticket, ""), Queued)
	s.SetMaxWaiting(0)
	e := work("e")
	s.Reserve(&e.ticket, e, false)
	wantPosition(t, "Commit(e) without a bound", s.Commit(&e.ticket, ""), Queued)
}

// TestSet_within lets work pass that was made in the lane: its maker waits for it.
func TestSet_within(t *testing.T) {
	s, l, work := newSet(1, 0)
	a, b, inner := work("a"), work("b"), work("inner")
	inner.maker = work("between")
	inner.maker.maker = a
	wantPosition(t, "Enter(a)", s.Enter(&a.ticket, a, false), Running)
	wantPosition(t, "Enter(b)", s.Enter(&b.ticket, b, false), Queued)
	wantPosition(t, "Enter(inner)", s.Enter(&inner.ticket, inner, false), Running)
	if got := s.Behind(&a.ticket); len(got) != 1 || got[0] != b {
		t.Errorf("Behind(a) = %v; want b", got)
	}
	s.Leave(&a.ticket) // b waits still, since the work that a has made runs
	wantLog(t, l, "")
	s.Leave(&inner.ticket)
	wantLog(t, l, "turn b")
	s.Evict(func(j *job) bool { return j == b })
	c := work("c")
	wantPosition(t, "Enter(c)", s.Enter(&c.ticket, c, false), Running)
	s.Leave(&b.ticket) // it returns at last
	s.Leave(&c.ticket)
	if len(s.lanes) != 0 {
		t.Errorf("%d lanes are left; want none", len(s.lanes))
	}
}
