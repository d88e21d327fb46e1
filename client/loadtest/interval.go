package loadtest

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/wire"
)

// An interval has the results of the calls that ended between two samples.
type interval struct {
	Counts
	response, service *hdr.Histogram
	lag               time.Duration // the largest
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

// end adds the result of a call.
func (i *interval) end(m *callResult) {
	i.count(m.outcome)
	i.lag = max(i.lag, m.sent-m.due)
	if m.timed {
		record(i.response, m.ended-m.due)
	}
	if m.timed && m.given {
		record(i.service, m.ended-m.sent)
	}
	if m.outcome != answered {
		i.errors[m.code]++
	}
}

// merge adds the results in o.
func (i *interval) merge(o *interval) {
	i.add(o.Counts)
	i.response.Merge(o.response)
	i.service.Merge(o.service)
	i.lag = max(i.lag, o.lag)
	for code, n := range o.errors {
		i.errors[code] += n
	}
}

// cut adds the calls that have ended since the last cut to into. Only the sampler may
// call it.
func (r *recorder) cut(into *interval) {
	for _, s := range r.shards {
		s.mu.Lock()
		done := s.now
		s.now, s.spare = s.spare, done
		s.mu.Unlock()
		into.merge(done) // without mu, because only cut uses the spare interval
		done.reset()
	}
}
