package compare

import (
	"fmt"
	"math"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

// minRuns is the number of runs that a side must have to test figures of whole runs.
// With fewer runs, even a clear difference could be chance.
const minRuns = 5

// fewRuns is the number of runs that a side must have to show how much runs differ.
// With fewer runs, the difference of their seconds must replace it.
const fewRuns = 3

const utest = "Mann-Whitney U"

// A measure is a figure that has one value in every second, or in every run.
type measure struct {
	name   string
	unit   Unit
	least  float64 // the factor for Options.MinChange
	total  func(*loadtest.Report) (float64, bool)
	second func(second) (float64, bool) // nil if samples do not have the figure
}

// measures returns the figures to compare, in the order of the table.
func measures(a, b *side) []measure {
	all := []measure{
		{"rate", PerSecond, 1, func(r *loadtest.Report) (float64, bool) { return r.Rate.Answered, true }, second.answered},
		{"response p50", Millis, 1, response(func(l *loadtest.Latency) float64 { return l.P50 }), typical(func(s loadtest.Sample) float64 { return s.P50 })},
		{"response p90", Millis, 1.5, response(func(l *loadtest.Latency) float64 { return l.P90 }), typical(func(s loadtest.Sample) float64 { return s.P90 })},
		{"response p99", Millis, 3, response(func(l *loadtest.Latency) float64 { return l.P99 }), typical(func(s loadtest.Sample) float64 { return s.P99 })},
		{"response p99.9", Millis, 3, response(func(l *loadtest.Latency) float64 { return l.P999 }), nil},
		{"worst of a second", Millis, 10, worstOf, second.worst},
		{"service p50", Millis, 1, service(func(l *loadtest.Latency) float64 { return l.P50 }), nil},
		{"service p99", Millis, 3, service(func(l *loadtest.Latency) float64 { return l.P99 }), typical(func(s loadtest.Sample) float64 { return s.Service })},
	}
	for _, name := range cogs(slices.Concat(a.reports, b.reports)) {
		all = append(all, measure{"handler p50 " + name, Millis, 1, handler(name), nil})
	}
	return all
}

func response(of func(*loadtest.Latency) float64) func(*loadtest.Report) (float64, bool) {
	return func(r *loadtest.Report) (float64, bool) { return of(&r.Response), r.Response.Count > 0 }
}

func service(of func(*loadtest.Latency) float64) func(*loadtest.Report) (float64, bool) {
	return func(r *loadtest.Report) (float64, bool) { return of(&r.Service), r.Service.Count > 0 }
}

// worstOf returns the median of the worst calls of r's seconds. The maximum of the run
// would be no use, because it is a single call, and is greater in longer runs.
func worstOf(r *loadtest.Report) (float64, bool) {
	var all []float64
	for _, s := range secondsOf(r) {
		if v, ok := s.worst(); ok {
			all = append(all, v)
		}
	}
	return median(all), len(all) > 0
}

func handler(cog string) func(*loadtest.Report) (float64, bool) {
	return func(r *loadtest.Report) (float64, bool) {
		if r.Server == nil {
			return 0, false
		}
		for _, c := range r.Server.Cogs {
			if c.Name == cog {
				return c.Handler.P50, c.Handler.Count > 0
			}
		}
		return 0, false
	}
}

// cogs returns the sorted names of all cogs in the reports.
func cogs(reports []*loadtest.Report) []string {
	var names []string
	for _, r := range reports {
		if r.Server != nil {
			for _, c := range r.Server.Cogs {
				names = append(names, c.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// compare returns the figure of m. There is none if a side has no value, or if the
// value before is zero, so that a change has no percentage.
func (m *measure) compare(a, b *side, o Options) (f Figure, ok bool) {
	before, after := a.totals(m.total), b.totals(m.total)
	f = Figure{Name: m.name, Unit: m.unit, Before: median(before), After: median(after), P: 1, Verdict: Same}
	if len(before) == 0 || len(after) == 0 || f.Before <= 0 {
		return f, false
	}
	f.Change = percent(f.Before, f.After)
	x, y := slices.Collect(slices.Chunk(before, 1)), slices.Collect(slices.Chunk(after, 1))
	if m.second == nil {
		if n := min(len(before), len(after)); n < minRuns {
			f.Why = fmt.Sprintf("no test of less than %d runs a side", minRuns)
			return f, true
		}
	} else {
		x, y = a.series(m.second), b.series(m.second)
		if n := min(length(x), length(y)); n < minSeconds {
			f.Why = tooShort(n)
			return f, true
		}
	}
	f.Test, f.P = utest, mannWhitney(x, y)
	f.Why = m.doubt(f.Change, x, y, o)
	return f, true
}

// doubt returns the reason why a change counts as noise even if the test says that
// the seconds differ: the change is too small, or the runs of one side differ as much,
// or there are few runs and their seconds overlap. It returns "" if there is none.
func (m *measure) doubt(change float64, x, y [][]float64, o Options) string {
	least := m.least * o.MinChange
	before, after := slices.Sorted(slices.Values(slices.Concat(x...))), slices.Sorted(slices.Values(slices.Concat(y...)))
	from := median(before)
	if from <= 0 {
		return "most seconds before have none"
	}
	typical := percent(from, median(after))
	if typical*change < 0 {
		return "the runs as a whole changed the other way than their seconds"
	}
	size := min(math.Abs(change), math.Abs(typical))
	if size < least {
		return fmt.Sprintf("less than %.3g %%", least)
	}
	if noise := max(spread(x), spread(y)) / from * 100; size <= noise {
		return fmt.Sprintf("runs of one side differ by %.3g %%", noise)
	}
	if min(len(x), len(y)) < fewRuns && overlap(before, after) {
		return "the seconds overlap"
	}
	return ""
}

// overlap reports whether the seconds of the two sides overlap, leaving out a tenth
// at either end of each side. Both are sorted.
func overlap(a, b []float64) bool {
	low := func(v []float64) float64 { return v[len(v)/10] }
	high := func(v []float64) float64 { return v[len(v)-1-len(v)/10] }
	return low(a) <= high(b) && low(b) <= high(a)
}

// spread returns the greatest difference between the medians of the runs of a side.
// The builds are equal, so the machine or the layout of the process causes it. It is
// 0 for a single run, which cannot show it.
func spread(runs [][]float64) float64 {
	var medians []float64
	for _, r := range runs {
		medians = append(medians, median(r))
	}
	return slices.Max(medians) - slices.Min(medians)
}

func percent(from, to float64) float64 { return (to - from) / from * 100 }

func tooShort(seconds int) string {
	return fmt.Sprintf("too short: one side has %d s of load, and a test needs %d s: make longer runs", seconds, minSeconds)
}
