package loadtest

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/wire"
)

// An interval is what has ended between two samples.
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

func (i *interval) end(m *made) {
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

// merge adds what o has.
func (i *interval) merge(o *interval) {
	i.add(o.Counts)
	i.response.Merge(o.response)
	i.service.Merge(o.service)
	i.lag = max(i.lag, o.lag)
	for code, n := range o.errors {
		i.errors[code] += n
	}
}

// cut adds to into what has ended since it was last called.
func (r *recorder) cut(into *interval) {
	for _, s := range r.shards {
		s.mu.Lock()
		done := s.now
		s.now, s.spare = s.spare, done
		s.mu.Unlock()
		into.merge(done) // only who cuts has the spare ones
		done.reset()
	}
}
