package loadtest

import (
	"fmt"
	"maps"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/client/loadtest/internal/machine"
)

// A sampler takes a sample of a run in each interval. The goroutine that runs watch
// owns it. When that has ended, execute does.
type sampler struct {
	// Constant.
	plan      *Plan
	record    *recorder
	connCount *conns.Counter
	clock     *arrival.Clock
	ending    *ending
	stats     *statsClient // nil if the bot does not report statistics

	usage   machine.Reading // of the beginning of the measurement
	samples []Sample
	last    time.Duration // the time of the last sample
	misses  []int         // by goal of AbortOn: number of samples in a row that have missed it

	// The last sample, which finish may extend.
	from   time.Duration // its beginning
	now    *interval     // the calls that ended in it
	begun  int64         // calls that had begun before it
	missed int64         // calls that had been missed before it
}

// watch takes samples until ended is closed.
func (s *sampler) watch(ended <-chan struct{}) {
	for {
		timer := time.NewTimer(s.next() - s.clock.Now())
		select {
		case <-timer.C:
			at := s.clock.Now()
			begins := s.last < s.plan.Warmup && at >= s.plan.Warmup // the measurement
			if begins {
				at = s.plan.Warmup // even if the timer was late: no sample may belong to the warm-up and to the measurement
				s.usage = machine.Read()
			}
			s.sample(at)
			if begins {
				s.stats.begin()
			}
		case <-ended:
			timer.Stop()
			s.finish(s.clock.Now())
			s.stats.finish()
			return
		}
	}
}

// next returns the time of the next sample. One sample ends with the warm-up. All
// others take one Interval, or several if the machine has stood still.
func (s *sampler) next() time.Duration {
	if s.last < s.plan.Warmup {
		return min(s.plan.Warmup, s.last.Truncate(s.plan.Interval)+s.plan.Interval)
	}
	return s.plan.Warmup + (s.last - s.plan.Warmup).Truncate(s.plan.Interval) + s.plan.Interval
}

// sample takes a sample of the time since the last one.
func (s *sampler) sample(at time.Duration) {
	if len(s.samples) > 0 {
		s.from = s.last
		s.begun += s.samples[len(s.samples)-1].Sent
		s.missed += s.samples[len(s.samples)-1].Missed
		s.now.reset()
	}
	s.last = at
	s.record.cut(s.now)
	sample := s.sampleOf(s.now)
	sample.Cogs = s.stats.sample(at)
	s.samples = append(s.samples, sample)
	s.judge(&sample)
	if s.plan.Progress != nil {
		s.plan.Progress(sample)
	}
}

// finish takes the last sample. If little time has passed since the one before, it
// extends that one instead, because the rate in a millisecond means nothing. But
// Progress gets the rest as a sample of its own, so that the counts that it was given
// add up to the counts of the run.
func (s *sampler) finish(at time.Duration) {
	n := len(s.samples)
	if n == 0 || at-s.last > s.plan.Interval/10 || s.samples[n-1].At <= 0 {
		s.sample(at)
		return
	}
	merged, before := &s.samples[n-1], s.last
	rest := newInterval()
	s.record.cut(rest)
	s.now.merge(rest)
	reported := merged.Counts
	s.last = at
	cogs := merged.Cogs
	*merged = s.sampleOf(s.now)
	merged.Cogs = cogs
	if s.plan.Progress == nil || merged.Counts == reported {
		return
	}
	sample := s.sampleOf(rest)
	sample.Seconds = (at - before).Seconds()
	sample.Sent, sample.Missed = merged.Sent-reported.Sent, merged.Missed-reported.Missed
	s.plan.Progress(sample)
}

// sampleOf returns a sample of the time from s.from to s.last, in which the calls of
// now have ended.
func (s *sampler) sampleOf(now *interval) Sample {
	of := now.response.ValueAtPercentilesSlice([]float64{50, 90, 99})
	sample := Sample{
		At:          (s.last - s.plan.Warmup).Seconds(),
		Seconds:     (s.last - s.from).Seconds(),
		Counts:      now.Counts,
		InFlight:    s.record.inFlight(),
		Timed:       now.response.TotalCount(),
		P50:         ms(of[0]),
		P90:         ms(of[1]),
		P99:         ms(of[2]),
		Service:     ms(now.service.ValueAtPercentile(99)),
		Lag:         millis(now.lag),
		Connections: int(s.connCount.Opened.Load() - s.connCount.Closed.Load()),
	}
	sample.Sent, sample.Missed = s.record.begun()-s.begun, s.record.allMissed.Load()-s.missed
	if sample.Timed > 0 { // the maximum of an empty histogram is half a microsecond
		sample.Max = ms(now.response.Max())
	}
	if len(now.errors) > 0 {
		sample.Errors = maps.Clone(now.errors)
	}
	return sample
}

// judge ends the run if the sample is the third in a row that misses a goal of
// AbortOn.
func (s *sampler) judge(sample *Sample) {
	if sample.At <= 0 {
		return
	}
	for i, g := range s.plan.AbortOn {
		if v := g.judgeSample(sample); v.Met {
			s.misses[i] = 0
		} else if s.misses[i]++; s.misses[i] == 3 {
			last := v.got()
			if g.of.unit == unitTime && sample.Timed == 0 {
				last = "no call that took any time"
			}
			s.ending.finish(EndAborted, fmt.Sprintf("%s was missed three times in a row, the last time with %s", g, last), nil)
		}
	}
}
