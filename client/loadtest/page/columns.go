package page

import (
	"cmp"
	"maps"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

const (
	maxSamples = 1500 // samples in a chart, which is more than its pixels
	maxErrors  = 7    // kinds of errors in a chart; a reader could not distinguish more colours
	maxCogs    = 12
)

// fold joins neighbouring samples if there are too many to draw, and returns the
// number of samples in each joined one. A joined sample has the worst of the times, so
// that no peak is lost.
func fold(samples []loadtest.Sample) ([]loadtest.Sample, int) {
	of := (len(samples) + maxSamples - 1) / maxSamples
	if of <= 1 {
		return samples, 1
	}
	var folded []loadtest.Sample
	for some := range slices.Chunk(samples, of) {
		sum := some[len(some)-1]
		sum.Errors = maps.Clone(sum.Errors)
		if sum.Errors == nil {
			sum.Errors = map[wire.Code]int64{}
		}
		for _, s := range some[:len(some)-1] {
			sum.Seconds += s.Seconds
			sum.Sent += s.Sent
			sum.Answered += s.Answered
			sum.Failed += s.Failed
			sum.Unanswered += s.Unanswered
			sum.Expected += s.Expected
			sum.Missed += s.Missed
			sum.InFlight = max(sum.InFlight, s.InFlight)
			sum.P50 = max(sum.P50, s.P50)
			sum.P90 = max(sum.P90, s.P90)
			sum.P99 = max(sum.P99, s.P99)
			sum.Max = max(sum.Max, s.Max)
			sum.Service = max(sum.Service, s.Service)
			sum.Lag = max(sum.Lag, s.Lag)
			for code, n := range s.Errors {
				sum.Errors[code] += n
			}
		}
		folded = append(folded, sum)
	}
	return folded, of
}

// errorsOf returns a column for each kind of error, the most frequent first. If there
// are more than maxErrors kinds, the last column has the sum of the rest. Errors that
// the scenario expects are left out, because they count as answers, and would hide the
// others.
func errorsOf(samples []loadtest.Sample, failures []loadtest.Failure) []column {
	expected := map[wire.Code]bool{}
	for _, f := range failures {
		if was, met := expected[f.Code]; was || !met {
			expected[f.Code] = f.Expected // false if one route does not expect it
		}
	}
	total := map[wire.Code]int64{}
	for _, s := range samples {
		for code, n := range s.Errors {
			if !expected[code] {
				total[code] += n
			}
		}
	}
	kinds := slices.SortedFunc(maps.Keys(total), func(a, b wire.Code) int {
		return cmp.Or(cmp.Compare(total[b], total[a]), cmp.Compare(a, b))
	})
	place := map[wire.Code]int{}
	var columns []column
	for i, code := range kinds {
		place[code] = min(i, maxErrors-1)
		if i < maxErrors {
			columns = append(columns, column{Name: string(code), N: make([]num, len(samples))})
		}
	}
	if len(kinds) > maxErrors {
		columns[maxErrors-1].Name = "others"
	}
	for i, s := range samples {
		for code, n := range s.Errors {
			if !expected[code] {
				columns[place[code]].N[i] += perSecond(n, s)
			}
		}
	}
	return columns
}

// cogsOf returns the cogs that had calls in any sample, the cog with the most calls
// first.
func cogsOf(samples []loadtest.Sample) []cogColumns {
	peak := map[string]int{}
	for _, s := range samples {
		for _, c := range s.Cogs {
			peak[c.Name] = max(peak[c.Name], c.InFlight, c.Waiting, c.Held)
		}
	}
	maps.DeleteFunc(peak, func(_ string, n int) bool { return n == 0 })
	names := slices.SortedFunc(maps.Keys(peak), func(a, b string) int {
		return cmp.Or(cmp.Compare(peak[b], peak[a]), cmp.Compare(a, b))
	})
	names = names[:min(len(names), maxCogs)]
	columns := make([]cogColumns, len(names))
	for i, name := range names {
		columns[i] = cogColumns{name, make([]num, len(samples)), make([]num, len(samples)), make([]num, len(samples))}
	}
	for i, s := range samples {
		for _, c := range s.Cogs {
			if at := slices.Index(names, c.Name); at >= 0 {
				columns[at].InFlight[i], columns[at].Waiting[i], columns[at].Held[i] = num(c.InFlight), num(c.Waiting), num(c.Held)
			}
		}
	}
	return columns
}
