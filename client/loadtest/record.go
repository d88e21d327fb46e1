package loadtest

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/wire"
)

// newHistogram returns a histogram of nanoseconds, from half a microsecond to an
// hour, that is right to a thousandth.
func newHistogram() *hdr.Histogram { return hdr.New(1000, int64(time.Hour), 3) }

// record notes d in h. What takes longer than an hour counts as an hour.
func record(h *hdr.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(0, int64(d)), int64(time.Hour))) // never out of range
}

// A recorder holds what became of calls. Callers share a few shards of it, so that
// they do not wait for each other.
type recorder struct {
	routes []string
	warmup time.Duration
	shards []*shard
}

// A shard is what some callers have recorded.
type shard struct {
	begun atomic.Int64 // calls, those of the warm-up included
	sent  atomic.Int64 // calls that are measured
	_     [48]byte     // the counters above change while others read what is below

	mu       sync.Mutex // protects the fields below
	ended    int64      // like begun
	routes   []tally
	met      []wire.Code // per route: the code of all its calls, or mixed
	lag      *hdr.Histogram
	failures map[failureKey]*failure
	now      *interval // what was recorded since the last sample
	spare    *interval // takes its place then
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
	at    time.Duration
}

// An interval is what happened between two samples.
type interval struct {
	Counts
	response, service *hdr.Histogram
	lag               time.Duration // the most
	errors            map[wire.Code]int64
}

func newInterval() *interval {
	return &interval{response: newHistogram(), service: newHistogram(), errors: map[wire.Code]int64{}}
}

func (i *interval) reset() {
	i.response.Reset()
	i.service.Reset()
	i.Counts, i.lag = Counts{}, 0
	clear(i.errors)
}

func newRecorder(routes []string, warmup time.Duration, shards int) *recorder {
	r := &recorder{routes: routes, warmup: warmup}
	for range shards {
		s := &shard{
			routes:   make([]tally, len(routes)),
			met:      make([]wire.Code, len(routes)),
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

// A made call, and what became of it. Moments are since the run began.
type made struct {
	route            int
	due, sent, ended time.Duration
	outcome          outcome
	code             wire.Code
	err              error
}

type outcome uint8

const (
	answered outcome = iota
	expected         // an error that the scenario expects: it counts as answered
	failed
	unanswered
)

// mixed stands for results, and for outcomes of several kinds. It is no code.
const mixed wire.Code = "-"

// begin notes that a call is sent that was due at a moment.
func (r *recorder) begin(s *shard, due time.Duration) {
	s.begun.Add(1)
	if due >= r.warmup {
		s.sent.Add(1)
	}
}

// end notes what became of a call.
func (r *recorder) end(s *shard, m *made) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	if code := cmp.Or(m.code, mixed); s.met[m.route] == "" {
		s.met[m.route] = code
	} else if s.met[m.route] != code {
		s.met[m.route] = mixed
	}
	s.now.count(m.outcome)
	s.now.lag = max(s.now.lag, m.sent-m.due)
	// an unanswered call has taken at least as long, and hiding it would make
	// the worst calls the best ones; but one that was never sent took no time
	timed := m.outcome != failed || !unsent(m.code)
	if timed {
		record(s.now.response, m.ended-m.due)
		record(s.now.service, m.ended-m.sent)
	}
	if m.outcome != answered {
		s.now.errors[m.code]++
	}
	if m.due < r.warmup {
		return
	}
	t := &s.routes[m.route]
	t.count(m.outcome)
	record(s.lag, m.sent-m.due)
	if timed {
		record(t.response, m.ended-m.due)
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

// unsent reports whether code is that of a call which met no bot.
func unsent(code wire.Code) bool { return code == wire.Unavailable }

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

// cut returns what happened since it was last called. The caller owns it until
// the next call.
func (r *recorder) cut(into *interval) {
	into.reset()
	for _, s := range r.shards {
		s.mu.Lock()
		done := s.now
		s.now, s.spare = s.spare, done
		s.mu.Unlock()
		into.add(done.Counts)
		into.response.Merge(done.response)
		into.service.Merge(done.service)
		into.lag = max(into.lag, done.lag)
		for code, n := range done.errors {
			into.errors[code] += n
		}
		done.reset()
	}
}

// everAnswered reports whether a call of the route, warm-up included, has had
// another outcome than code.
func (r *recorder) everAnswered(route int, code wire.Code) bool {
	for _, s := range r.shards {
		s.mu.Lock()
		met := s.met[route]
		s.mu.Unlock()
		if met != "" && met != code {
			return true
		}
	}
	return false
}
