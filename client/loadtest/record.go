package loadtest

import (
	"sync"
	"sync/atomic"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/wire"
)

// A recorder holds the results of calls. The callers share a few shards of it, so
// that they seldom wait for each other.
type recorder struct {
	routes []string
	warmup time.Duration
	shards []*shard

	// Calls that were due and were not made.
	allMissed atomic.Int64
	missed    atomic.Int64 // excluding the warm-up
	late      atomic.Int64 // the part of missed for which the generator was too slow

	known []atomic.Bool // by route: the bot has answered a call of it, and not with a refusal
}

// A shard holds the results of some callers.
type shard struct {
	begun atomic.Int64 // calls, including the warm-up
	sent  atomic.Int64 // calls, excluding the warm-up
	_     [48]byte     // keeps the counters above, which change often, out of the cache line of the fields below

	mu       sync.Mutex    // protects the fields below
	ended    int64         // calls that have ended, including the warm-up
	replied  time.Duration // time of the bot's last reply, which may be an error
	answers  int64         // answers that came after the warm-up, also to calls of the warm-up
	routes   []tally       // by route; this and the next two fields exclude the warm-up
	lag      *hdr.Histogram
	failures map[failureKey]*failure

	now, spare *interval // now has all calls since the last sample; cut exchanges it with spare
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

// shard returns the shard of caller n.
func (r *recorder) shard(n int) *shard { return r.shards[n%len(r.shards)] }

// begin counts a call, which was due at a time, as sent.
func (r *recorder) begin(s *shard, due time.Duration) {
	s.begun.Add(1)
	if due >= r.warmup {
		s.sent.Add(1)
	}
}

// miss counts a call, which was due at a time, as missed.
func (r *recorder) miss(due time.Duration) {
	r.allMissed.Add(1)
	if due >= r.warmup {
		r.missed.Add(1)
	}
}

// missRest counts the calls that an open loop was too slow to make as missed.
func (r *recorder) missRest(warmup, measured int64) {
	r.allMissed.Add(warmup + measured)
	r.missed.Add(measured)
	r.late.Add(measured)
}

// end records the result of a call.
func (r *recorder) end(s *shard, m *callResult) {
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

// begun returns the number of calls that have begun, including the warm-up.
func (r *recorder) begun() (n int64) {
	for _, s := range r.shards {
		n += s.begun.Load()
	}
	return n
}

// inFlight returns the number of calls that are under way.
func (r *recorder) inFlight() int64 {
	ended := int64(0)
	for _, s := range r.shards { // before begun is read, so that a call that begins meanwhile counts as in flight
		s.mu.Lock()
		ended += s.ended
		s.mu.Unlock()
	}
	return r.begun() - ended
}

// lastReply returns the time of the bot's last reply to any call.
func (r *recorder) lastReply() (at time.Duration) {
	for _, s := range r.shards {
		s.mu.Lock()
		at = max(at, s.replied)
		s.mu.Unlock()
	}
	return at
}

// sent returns the number of calls that were sent after the warm-up.
func (r *recorder) sent() (n int64) {
	for _, s := range r.shards {
		n += s.sent.Load()
	}
	return n
}

// answers returns the number of answers since the end of the warm-up.
func (r *recorder) answers() (n int64) {
	for _, s := range r.shards {
		s.mu.Lock()
		n += s.answers
		s.mu.Unlock()
	}
	return n
}
