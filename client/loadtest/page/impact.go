package page

import (
	"math"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

// An impact is the effect of a fault on callers, as the samples show it. It includes
// the effects of other causes at the same time.
type impact struct {
	loadtest.FaultRecord
	Number     int
	Known      bool    // there are samples after the fault began
	Before     float64 // p99 of the usual samples before, ms; 0 if there were none
	P99        float64 // the worst p99, ms
	Max        float64
	Failed     int64
	Unanswered int64
	Calm       float64 // time from the beginning of the fault to the end of the last disturbed sample, s; 0 if none was disturbed
	Open       bool    // samples were still disturbed when the next fault began, or at the end of the run
	Until      float64 // the end of the last sample in the figures, s
	Next       int     // the number of the next fault; 0 if there is none
	With       int     // if an earlier fault began in the same sample, and so has the sample: the number of the first such fault
}

// disturbance is the factor for the usual p99, and for the usual errors, above which a
// sample is disturbed.
const disturbance = 3

// impactsOf returns the impact of each fault, from its samples up to the next fault.
// The faults must be in the order in which they happened. A sample counts for one
// fault only, so that the numbers of the impacts add up.
func impactsOf(r *loadtest.Report) []impact {
	var impacts []impact
	calmSince := 0.0 // samples that begin before it show the effects of an earlier fault
	for i, f := range r.Faults {
		one := impact{FaultRecord: f, Number: i + 1}
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

// sharer returns the number of the first fault that began in the same sample as fault
// i, or 0 if that is fault i itself.
func sharer(r *loadtest.Report, i int) int {
	at := r.Faults[i].At
	home := slices.IndexFunc(r.Timeline, func(s loadtest.Sample) bool { return s.At > at })
	if home < 0 {
		return 0
	}
	begin := r.Timeline[home].At - r.Timeline[home].Seconds
	first := slices.IndexFunc(r.Faults[:i], func(f loadtest.FaultRecord) bool { return f.At >= begin })
	return first + 1
}

// around returns the measured samples before and after a fault that began at a time.
//
//   - before has at most ten samples, which ended before the fault and in which the
//     effects of earlier faults were over. If there are none, because an earlier fault
//     still lasts, it has samples with these effects.
//   - after begins with the sample in which the fault began, unless an earlier fault
//     began in it too. It ends before the next fault.
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

// look compares the samples after the fault with the samples before.
//
//   - Slow samples count as long as they follow each other, with gaps of one sample.
//   - Samples with errors count as long as calls that the fault has caught may take to
//     fail.
func (f *impact) look(before, after []loadtest.Sample, timeout float64) {
	if len(after) == 0 {
		return
	}
	f.Known = true
	usual := median(before)
	f.Before = usual.P99
	over := f.At + f.Took/1000
	end := 1 // the number of samples that belong to the fault
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

// noticed counts the failed and the unanswered calls in the samples of all faults.
func noticed(samples []loadtest.Sample, impacts []impact) (failed, unanswered int64) {
	for _, s := range samples {
		if slices.ContainsFunc(impacts, func(f impact) bool { return s.At > f.At && s.At <= f.Until }) {
			failed, unanswered = failed+s.Failed, unanswered+s.Unanswered
		}
	}
	return failed, unanswered
}

// median returns a sample of medians: each member is the median by itself.
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
