package page

import (
	"math"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

// An impact is what callers saw of a fault, as far as samples can tell: other
// causes at the same time are in it too.
type impact struct {
	loadtest.Fault
	Number     int
	Known      bool    // there are samples after it began
	Before     float64 // p99 of usual samples before, ms; 0: there were none
	P99        float64 // the worst one, ms
	Max        float64
	Failed     int64
	Unanswered int64
	Calm       float64 // s from its begin to the end of the last disturbed sample; 0: none was disturbed
	Open       bool    // still disturbed when the next fault began, or at the end of the run
	Until      float64 // the end of the last sample that is in the figures, s
	Next       int     // the number of the next fault; 0: the run ends first
	With       int     // the number of the first fault of the sample that this one began in, if it is another: that has the sample
}

// disturbance is how many times the usual p99, or the usual errors, make a sample
// a disturbed one.
const disturbance = 3

// impactsOf looks at the samples from each fault to the next one. Faults are in the
// order in which they happened. A sample counts for one of them, so that what is said
// of each adds up.
func impactsOf(r *loadtest.Report) []impact {
	var impacts []impact
	calmSince := 0.0 // samples that end before are the aftermath of an earlier fault
	for i, f := range r.Faults {
		one := impact{Fault: f, Number: i + 1}
		until := math.Inf(1)
		if i+1 < len(r.Faults) {
			one.Next, until = i+2, r.Faults[i+1].At
		}
		earlier := math.Inf(-1)
		if i > 0 {
			earlier = r.Faults[i-1].At
			one.With = sharer(r, i)
		}
		before, after := around(r.Timeline, calmSince, earlier, f.At, until)
		one.look(before, after, r.Load.Timeout/1000)
		calmSince = f.At + max(one.Calm, f.Took/1000)
		impacts = append(impacts, one)
	}
	return impacts
}

// sharer returns the number of the first fault of the sample that fault i began in;
// 0: that is i itself.
func sharer(r *loadtest.Report, i int) int {
	at := r.Faults[i].At
	home := slices.IndexFunc(r.Timeline, func(s loadtest.Sample) bool { return s.At > at })
	if home < 0 {
		return 0
	}
	begin := r.Timeline[home].At - r.Timeline[home].Seconds
	first := slices.IndexFunc(r.Faults[:i], func(f loadtest.Fault) bool { return f.At >= begin })
	return first + 1
}

// around returns the measured samples between two faults that end before a moment,
// ten at most, and those from the one it is in to the one before the next fault. One
// that an earlier fault began in too is left to that. Where an earlier fault still lasts, what it left of the bot is what is usual.
func around(samples []loadtest.Sample, since, earlier, at, until float64) (before, after []loadtest.Sample) {
	var disturbed []loadtest.Sample
	for _, s := range samples {
		switch begin := s.At - s.Seconds; {
		case s.At <= 0:
		case s.At > at && begin <= earlier:
		case s.At > at && (s.At <= until || begin <= at):
			after = append(after, s)
		case s.At > at || s.Answered == 0:
		case begin >= since:
			before = append(before, s)
		default:
			disturbed = append(disturbed, s)
		}
	}
	if len(before) == 0 {
		before = disturbed
	}
	return before[max(0, len(before)-10):], after
}

// look judges the samples after the fault by those before. Slow calls count as
// long as samples with them follow each other, save for one; errors as long as a
// call that the fault has caught can take to fail.
func (f *impact) look(before, after []loadtest.Sample, timeout float64) {
	if len(after) == 0 {
		return
	}
	f.Known = true
	usual := median(before)
	f.Before = usual.P99
	over := f.At + f.Took/1000
	end := 1 // of the samples that belong to the fault
	for i, s := range after {
		begin, last := s.At-s.Seconds, max(over, f.At+f.Calm)
		failing := s.Failed+s.Unanswered > disturbance*(usual.Failed+usual.Unanswered)
		slow := s.P99 > disturbance*usual.P99 && usual.P99 > 0 || s.Answered == 0 && s.InFlight > 0
		if failing && begin <= last+timeout || slow && begin <= last+1.5*s.Seconds {
			f.Calm = s.At - f.At
			f.Open = i == len(after)-1
			end = i + 1
		} else if begin < over {
			end = i + 1
		}
	}
	f.Until = after[end-1].At
	for _, s := range after[:end] {
		f.P99 = max(f.P99, s.P99)
		f.Max = max(f.Max, s.Max)
		f.Failed += s.Failed
		f.Unanswered += s.Unanswered
	}
}

// noticed counts what callers noticed of all faults.
func noticed(samples []loadtest.Sample, impacts []impact) (failed, unanswered int64) {
	for _, s := range samples {
		if slices.ContainsFunc(impacts, func(f impact) bool { return s.At > f.At && s.At <= f.Until }) {
			failed, unanswered = failed+s.Failed, unanswered+s.Unanswered
		}
	}
	return failed, unanswered
}

// median is what a usual sample has, each member for itself.
func median(samples []loadtest.Sample) loadtest.Sample {
	if len(samples) == 0 {
		return loadtest.Sample{}
	}
	var times []float64
	var failed, unanswered []int64
	for _, s := range samples {
		times = append(times, s.P99)
		failed = append(failed, s.Failed)
		unanswered = append(unanswered, s.Unanswered)
	}
	slices.Sort(times)
	slices.Sort(failed)
	slices.Sort(unanswered)
	middle := len(samples) / 2
	return loadtest.Sample{P99: times[middle], Counts: loadtest.Counts{Failed: failed[middle], Unanswered: unanswered[middle]}}
}
