package loadtest

import (
	"sync"
	"sync/atomic"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/wire"
)

// A recorder holds what became of calls. Callers have a few shards of it between
// them, so that they do not wait for each other.
type recorder struct {
	routes []string
	warmup time.Duration
	shards []*shard

	// calls that were due and not made
	allMissed atomic.Int64
	missed    atomic.Int64 // those that are measured
	late      atomic.Int64 // and of these, those that the generator was too slow for

	known []atomic.Bool // per route: the bot has answered a call of it otherwise than by refusing it
}

// A shard is what some callers have recorded.
type shard struct {
	begun atomic.Int64 // calls, those of the warm-up included
	sent  atomic.Int64 // calls that are measured
	_     [48]byte     // the counters above change while others read what is below

	mu       sync.Mutex    // protects the fields below
	ended    int64         // like begun
	replied  time.Duration // when the bot last has, with an error too
	answers  int64         // that came after the warm-up, to whatever call
	routes   []tally       // of the calls that are measured, as all that follows
	lag      *hdr.Histogram
	failures map[failureKey]*failure

	now, spare *interval // of all calls: since the last sample; spare takes its place then
}

type tally struct {
	Counts
	response, service *hdr.Histogram
}

type failureKey struct {
	route      int
	code       wire.Code
	expected   bool
	unanswered bool
}

type failure struct {
	count int64
	first string
	at    time.Duration // since the end of the warm-up
}

func newRecorder(routes []string, warmup time.Duration, shards int) *recorder {
	r := &recorder{routes: routes, warmup: warmup, known: make([]atomic.Bool, len(routes))}
	for range shards {
		s := &shard{
			routes:   make([]tally, len(routes)),
			lag:      newHistogram(),
			failures: map[failureKey]*failure{},
			now:      newInterval(),
			spare:    newInterval(),
		}
		for i := range s.routes {
			s.routes[i].response, s.routes[i].service = newHistogram(), newHistogram()
		}
		r.shards = append(r.shards, s)
	}
	return r
}

// shard returns the one that caller n has.
func (r *recorder) shard(n int) *shard { return r.shards[n%len(r.shards)] }

// begin notes that a call is made that was due at a moment.
func (r *recorder) begin(s *shard, due time.Duration) {
	s.begun.Add(1)
	if due >= r.warmup {
		s.sent.Add(1)
	}
}

// miss notes that a call is not made that was due at a moment.
func (r *recorder) miss(due time.Duration) {
	r.allMissed.Add(1)
	if due >= r.warmup {
		r.missed.Add(1)
	}
}

// end notes what became of a call.
func (r *recorder) end(s *shard, m *made) {
	if m.replied && !m.refuses() && m.code != wire.Unavailable && !r.known[m.route].Load() {
		r.known[m.route].Store(true)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	if m.ended >= r.warmup && (m.outcome == answered || m.outcome == expected) {
		s.answers++
	}
	if m.replied {
		s.replied = max(s.replied, m.ended)
	}
	s.now.end(m)
	if m.due < r.warmup {
		return
	}
	t := &s.routes[m.route]
	t.count(m.outcome)
	record(s.lag, m.sent-m.due)
	if m.timed {
		record(t.response, m.ended-m.due)
	}
	if m.timed && m.given {
		record(t.service, m.ended-m.sent)
	}
	if m.outcome == answered {
		return
	}
	key := failureKey{m.route, m.code, m.outcome == expected, m.outcome == unanswered}
	f := s.failures[key]
	if f == nil {
		f = &failure{first: m.err.Error(), at: m.ended - r.warmup}
		s.failures[key] = f
	}
	f.count++
}

func (c *Counts) count(o outcome) {
	switch o {
	case answered:
		c.Answered++
	case expected:
		c.Answered++
		c.Expected++
	case failed:
		c.Failed++
	case unanswered:
		c.Unanswered++
	}
}

func (c *Counts) add(o Counts) {
	c.Sent += o.Sent
	c.Answered += o.Answered
	c.Failed += o.Failed
	c.Unanswered += o.Unanswered
	c.Expected += o.Expected
	c.Missed += o.Missed
}

// begun and inFlight count all calls, those of the warm-up included.
func (r *recorder) begun() (n int64) {
	for _, s := range r.shards {
		n += s.begun.Load()
	}
	return n
}

func (r *recorder) inFlight() int64 {
	ended := int64(0)
	for _, s := range r.shards { // first: what begins meanwhile is in flight
		s.mu.Lock()
		ended += s.ended
		s.mu.Unlock()
	}
	return r.begun() - ended
}

// lastReply returns when the bot has last replied to anything.
func (r *recorder) lastReply() (at time.Duration) {
	for _, s := range r.shards {
		s.mu.Lock()
		at = max(at, s.replied)
		s.mu.Unlock()
	}
	return at
}

// answers returns how many answers have come since the end of the warm-up.
func (r *recorder) answers() (n int64) {
	for _, s := range r.shards {
		s.mu.Lock()
		n += s.answers
		s.mu.Unlock()
	}
	return n
}
