package compare

import (
	"math"

	"github.com/cogbus/cogbus/client/loadtest"
)

// minSeconds is the number of seconds that a side must have for a test.
const minSeconds = 5

// A side has the runs before or after a change.
type side struct {
	reports []*loadtest.Report
	seconds [][]second // by run: the seconds that can be compared
}

// A second has the samples of one second, or one sample if that is longer. Shorter
// samples are not compared singly, because neighbours say nearly the same.
type second []loadtest.Sample

func newSide(reports []*loadtest.Report) *side {
	s := &side{reports: reports}
	for _, r := range reports {
		s.seconds = append(s.seconds, secondsOf(r))
	}
	return s
}

// secondsOf returns the seconds of full length in which r made its full load. It
// leaves out the warm-up and the wait for the last answers.
func secondsOf(r *loadtest.Report) []second {
	var lengths []float64
	for _, s := range r.Timeline {
		lengths = append(lengths, s.Seconds)
	}
	full := 0.9 * median(lengths)
	end := r.Load.Duration + full/2 // the timer of a sample may be late
	if r.Load.Duration == 0 {       // Count ended the run
		for _, s := range r.Timeline {
			if s.Sent > 0 {
				end = s.At
			}
		}
	}
	var all []second
	var now second
	sum := 0.0
	for _, s := range r.Timeline {
		if whole := s.Seconds > 0 && s.Seconds >= full; !whole || s.At < 0.9*s.Seconds || s.At > end {
			continue
		}
		now = append(now, s)
		if sum += s.Seconds; sum >= 0.95 {
			all = append(all, now)
			now, sum = nil, 0
		}
	}
	return all
}

// series returns the value of each second, run by run.
func (s *side) series(of func(second) (float64, bool)) [][]float64 {
	var all [][]float64
	for _, run := range s.seconds {
		var values []float64
		for _, sec := range run {
			if v, ok := of(sec); ok {
				values = append(values, v)
			}
		}
		if len(values) > 0 {
			all = append(all, values)
		}
	}
	return all
}

// totals returns the value of each run that has one. If a run ended at once, its value
// may be NaN or infinite; totals leaves it out.
func (s *side) totals(of func(*loadtest.Report) (float64, bool)) []float64 {
	var all []float64
	for _, r := range s.reports {
		if v, ok := of(r); ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
			all = append(all, v)
		}
	}
	return all
}

// answered returns the answers in s, per second.
func (s second) answered() (float64, bool) {
	n, length := 0.0, 0.0
	for _, x := range s {
		n += float64(x.Answered)
		length += x.Seconds
	}
	return n / length, true
}

// typical returns the median of a time over the samples in which a call ended. Other
// samples have no times.
func typical(of func(loadtest.Sample) float64) func(second) (float64, bool) {
	return func(s second) (float64, bool) {
		var values []float64
		for _, x := range s {
			if v := of(x); v > 0 {
				values = append(values, v)
			}
		}
		return median(values), len(values) > 0
	}
}

// worst returns the longest response of s.
func (s second) worst() (float64, bool) {
	longest := 0.0
	for _, x := range s {
		longest = max(longest, x.Max)
	}
	return longest, longest > 0
}
