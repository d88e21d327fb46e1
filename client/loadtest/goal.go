package loadtest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Goal is a bound for a figure of a run, such as p99<5ms. Get it from
// [ParseGoals].
type Goal struct {
	text  string
	name  string // the name of the figure
	of    figure
	less  bool // the figure must be less than bound; otherwise greater
	equal bool // the figure may also equal bound
	bound float64
}

// A figure is a number in the report that a goal can bound.
type figure struct {
	unit   unit
	report func(*Report) float64
	sample func(*Sample) float64 // nil if only whole runs have the figure
}

// A unit is the unit of a figure, as in Verdict.Unit.
type unit string

const (
	unitTime  unit = "ms"
	unitShare unit = "%"
	unitRate  unit = "/s"
	unitCount unit = ""
)

func figures() map[string]figure {
	times := func(pick func(l *Latency) float64, sample func(*Sample) float64) figure {
		return figure{unitTime, func(r *Report) float64 { return pick(&r.Response) }, sample}
	}
	service := func(pick func(l *Latency) float64) figure {
		return figure{unitTime, func(r *Report) float64 { return pick(&r.Service) }, nil}
	}
	share := func(part func(c *Counts) int64) figure {
		of := func(c *Counts) float64 {
			// a share of the calls that have ended: in a sample, not all calls that were sent have
			if ended := c.Answered + c.Failed + c.Unanswered; ended > 0 {
				return 100 * float64(part(c)) / float64(ended)
			}
			return 0
		}
		return figure{unitShare, func(r *Report) float64 { return of(&r.Counts) }, func(s *Sample) float64 { return of(&s.Counts) }}
	}
	return map[string]figure{
		"p50":          times(func(l *Latency) float64 { return l.P50 }, func(s *Sample) float64 { return s.P50 }),
		"p90":          times(func(l *Latency) float64 { return l.P90 }, func(s *Sample) float64 { return s.P90 }),
		"p95":          times(func(l *Latency) float64 { return l.P95 }, nil),
		"p99":          times(func(l *Latency) float64 { return l.P99 }, func(s *Sample) float64 { return s.P99 }),
		"p99.9":        times(func(l *Latency) float64 { return l.P999 }, nil),
		"p99.99":       times(func(l *Latency) float64 { return l.P9999 }, nil),
		"max":          times(func(l *Latency) float64 { return l.Max }, func(s *Sample) float64 { return s.Max }),
		"mean":         times(func(l *Latency) float64 { return l.Mean }, nil),
		"service.p50":  service(func(l *Latency) float64 { return l.P50 }),
		"service.p99":  service(func(l *Latency) float64 { return l.P99 }),
		"service.mean": service(func(l *Latency) float64 { return l.Mean }),
		"err":          share(func(c *Counts) int64 { return c.Failed + c.Unanswered }),
		"unanswered":   share(func(c *Counts) int64 { return c.Unanswered }),
		"rps": {
			unitRate,
			func(r *Report) float64 { return r.Rate.Answered },
			func(s *Sample) float64 { return float64(s.Answered) / max(s.Seconds, 1e-9) },
		},
		"answered": {unitCount, func(r *Report) float64 { return float64(r.Answered) }, nil},
		"missed":   {unitCount, func(r *Report) float64 { return float64(r.Missed) }, func(s *Sample) float64 { return float64(s.Missed) }},
	}
}

// ParseGoals reads goals in this form:
//
//	p99<5ms,err<0.1%,rps>=9000
//
// The figures are:
//   - p50, p90, p95, p99, p99.9, p99.99, max and mean of the response time
//   - service.p50, service.p99 and service.mean
//   - err and unanswered, which are shares of the calls in percent
//   - rps, the answers a second in the sending phase; even if the bot is quick, they
//     are a few less than the calls a second
//   - answered and missed, which are counts
//
// Goals may also be separated by &&.
func ParseGoals(text string) ([]Goal, error) {
	var list []Goal
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "&&", ","), ",") {
		g, err := parseGoal(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("goal %q: %w", strings.TrimSpace(part), err)
		}
		list = append(list, g)
	}
	return list, nil
}

func parseGoal(text string) (g Goal, err error) {
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return g, errors.New("want a bound, such as p99<5ms, err<0.1% or rps>=9000")
	}
	name, rest := strings.TrimSpace(text[:at]), text[at+1:]
	g = Goal{text: text, name: name, less: text[at] == '<'}
	rest, g.equal = strings.CutPrefix(rest, "=")
	rest = strings.TrimSpace(rest)
	all, ok := figures(), false
	if g.of, ok = all[name]; !ok {
		return g, fmt.Errorf("the figure %q is unknown: want one of %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	switch g.of.unit {
	case unitTime:
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return g, fmt.Errorf("want a time such as 5ms, not %q", rest)
		}
		g.bound = millis(d)
		return g, nil
	case unitShare:
		rest = strings.TrimSpace(strings.TrimSuffix(rest, "%")) // 0.1 also means 0.1 %
	}
	g.bound, err = strconv.ParseFloat(rest, 64)
	if err != nil || !(g.bound >= 0) || g.bound > 1e18 {
		return g, fmt.Errorf("want a number, not %q", rest)
	}
	return g, nil
}

// String returns the goal as it was written.
func (g Goal) String() string { return g.text }

// Judge says whether a run has met the goal. A run without timed calls meets no goal
// for a time, and a run without calls meets no goal for a share.
func (g Goal) Judge(r *Report) Verdict {
	if g.of.unit == unitTime && g.timed(r) == 0 || g.of.unit == unitShare && r.Sent == 0 {
		return Verdict{Goal: g.text, Unit: string(g.of.unit)}
	}
	return g.verdict(g.of.report(r))
}

// fewest is the number of calls that must take longer than a percentile. With fewer
// calls the percentile is chance.
const fewest = 10

// doubt returns a sentence if the run has too few calls for the goal's percentile, and
// "" otherwise.
func (g Goal) doubt(r *Report) string {
	above := map[string]float64{"p50": 0.5, "p90": 0.1, "p95": 0.05, "p99": 0.01, "p99.9": 0.001, "p99.99": 0.0001}[strings.TrimPrefix(g.name, "service.")]
	n := g.timed(r)
	if above == 0 || n == 0 || float64(n)*above > fewest-1e-6 {
		return ""
	}
	return fmt.Sprintf("%s was judged by too few calls: %d of the %.0f that it takes", g, n, math.Ceil(fewest/above-1e-6))
}

// timed returns the number of calls that have the goal's time.
func (g Goal) timed(r *Report) int64 {
	if strings.HasPrefix(g.name, "service.") {
		return r.Service.Count
	}
	return r.Response.Count
}

// judgeSample is Judge for a sample. If no call ended in it, it meets all goals for
// times. If calls ended, but none was timed because all failed at once, it meets none.
func (g Goal) judgeSample(s *Sample) Verdict {
	if g.of.unit == unitTime && s.Timed == 0 {
		return Verdict{Goal: g.text, Unit: string(g.of.unit), Met: s.Answered+s.Failed+s.Unanswered == 0}
	}
	return g.verdict(g.of.sample(s))
}

func (g Goal) verdict(got float64) Verdict {
	met := g.equal && got == g.bound || g.less && got < g.bound || !g.less && got > g.bound
	return Verdict{Goal: g.text, Got: got, Unit: string(g.of.unit), Met: met}
}

// got returns Got and its unit as text.
func (v *Verdict) got() string {
	text := strconv.FormatFloat(v.Got, 'g', 3, 64)
	if v.Got >= 1000 { // no exponent
		text = strconv.FormatFloat(v.Got, 'f', 0, 64)
	}
	if v.Unit == string(unitTime) || v.Unit == string(unitShare) {
		text += " "
	}
	return text + v.Unit
}
