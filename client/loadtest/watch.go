package loadtest

import (
	"fmt"
	"maps"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/machine"
)

// A watch takes a sample of a run in each interval. It is owned by the goroutine
// that watches, until that ends.
type watch struct {
	run     *run
	server  *observer       // nil where the bot does not tell
	usage   machine.Reading // of the generator, when the measurement began
	samples []Sample
	last    time.Duration // when the last sample was taken

	// of the last sample, which the end of the run may extend
	from   time.Duration // its beginning
	now    *interval     // what has ended in it
	begun  int64         // calls that had begun before it
	missed int64         // and those that were not made

	exceeds []int // per goal of AbortOn: samples in a row that have missed it
}

func newWatch(r *run, server *observer) *watch {
	return &watch{run: r, server: server, usage: machine.Read(), now: newInterval(), exceeds: make([]int, len(r.AbortOn))}
}

// watch takes samples until ended is closed.
func (w *watch) watch(ended <-chan struct{}) {
	r := w.run
	for {
		next := r.nextSample(w.last)
		timer := time.NewTimer(next - r.clock.Now())
		select {
		case <-timer.C:
			at := r.clock.Now()
			begins := w.last < r.Warmup && at >= r.Warmup // the measurement
			if begins {
				at = r.Warmup // no sample belongs to both, however late the timer is
				w.usage = machine.Read()
			}
			w.sample(at)
			if begins {
				w.server.begin()
			}
		case <-ended:
			timer.Stop()
			w.finish(r.clock.Now())
			w.server.finish()
			return
		}
	}
}

// nextSample returns when the next sample is due. One ends with the warm-up; the
// others take an Interval, unless the machine has stood still.
func (r *run) nextSample(last time.Duration) time.Duration {
	if last < r.Warmup {
		return min(r.Warmup, last.Truncate(r.Interval)+r.Interval)
	}
	return r.Warmup + (last - r.Warmup).Truncate(r.Interval) + r.Interval
}

// sample takes a sample of what happened since the last one.
func (w *watch) sample(at time.Duration) {
	r := w.run
	if len(w.samples) > 0 {
		w.from = w.last
		w.begun += w.samples[len(w.samples)-1].Sent
		w.missed += w.samples[len(w.samples)-1].Missed
		w.now.reset()
	}
	w.last = at
	s := w.read()
	s.Cogs = w.server.sample(at)
	w.samples = append(w.samples, s)
	w.judge(&s)
	if r.Progress != nil {
		r.Progress(s)
	}
}

// finish takes the last sample. What little happened since the one before is added
// to that: a rate over a millisecond would say nothing. But who adds up what Progress
// tells is to have all of it.
func (w *watch) finish(at time.Duration) {
	n := len(w.samples)
	if n == 0 || at-w.last > w.run.Interval/10 || w.samples[n-1].At <= 0 {
		w.sample(at)
		return
	}
	merged, before := &w.samples[n-1], w.last
	rest := newInterval()
	w.run.record.cut(rest)
	w.now.merge(rest)
	told := merged.Counts
	w.last = at
	cogs := merged.Cogs
	*merged = w.sampleOf(w.now)
	merged.Cogs = cogs
	if w.run.Progress == nil || merged.Counts == told {
		return
	}
	s := w.sampleOf(rest)
	s.Seconds = (at - before).Seconds()
	s.Sent, s.Missed = merged.Sent-told.Sent, merged.Missed-told.Missed
	w.run.Progress(s)
}

// read returns what happened from w.from to w.last.
func (w *watch) read() Sample {
	w.run.record.cut(w.now)
	return w.sampleOf(w.now)
}

// sampleOf returns a sample from w.from to w.last in which that has ended.
func (w *watch) sampleOf(now *interval) Sample {
	r := w.run
	of := now.response.ValueAtPercentilesSlice([]float64{50, 90, 99})
	s := Sample{
		At:          (w.last - r.Warmup).Seconds(),
		Seconds:     (w.last - w.from).Seconds(),
		Counts:      now.Counts,
		InFlight:    r.record.inFlight(),
		Timed:       now.response.TotalCount(),
		P50:         ms(of[0]),
		P90:         ms(of[1]),
		P99:         ms(of[2]),
		Service:     ms(now.service.ValueAtPercentile(99)),
		Lag:         millis(now.lag),
		Connections: int(r.connCount.Opened.Load() - r.connCount.Closed.Load()),
	}
	s.Sent, s.Missed = r.record.begun()-w.begun, r.record.allMissed.Load()-w.missed
	if s.Timed > 0 { // the largest of nothing is half a microsecond
		s.Max = ms(now.response.Max())
	}
	if len(now.errors) > 0 {
		s.Errors = maps.Clone(now.errors)
	}
	return s
}

// judge ends the run where the plan wants that.
func (w *watch) judge(s *Sample) {
	r := w.run
	if s.At <= 0 {
		return
	}
	for i, g := range r.AbortOn {
		if v := g.judgeSample(s); v.Met {
			w.exceeds[i] = 0
		} else if w.exceeds[i]++; w.exceeds[i] == 3 {
			last := v.got()
			if g.of.unit == unitTime && s.Timed == 0 {
				last = "no call that took any time"
			}
			r.finish(EndAborted, fmt.Sprintf("%s was missed three times in a row, the last time with %s", g, last), nil)
		}
	}
}
