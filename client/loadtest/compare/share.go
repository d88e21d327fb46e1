package compare

import (
	"fmt"
	"math"

	"github.com/cogbus/cogbus/client/loadtest"
)

const ztest = "two-proportion z"

// A share is the share of the calls that have an outcome.
type share struct {
	name string
	of   func(*loadtest.Counts) int64
}

var shares = [...]share{
	{"errors", func(c *loadtest.Counts) int64 { return c.Failed + c.Unanswered }}, // as in the tables of a report
	{"unanswered", func(c *loadtest.Counts) int64 { return c.Unanswered }},
}

// compare returns the figure of h. There is none if a side made no calls.
func (h share) compare(a, b *side, o Options) (f Figure, ok bool) {
	x, n := h.count(a)
	y, m := h.count(b)
	if n == 0 || m == 0 {
		return Figure{}, false
	}
	f = Figure{Name: h.name, Unit: Percent, Before: x / n * 100, After: y / m * 100, P: 1, Verdict: Same}
	f.Change = f.After - f.Before
	if x+y == 0 {
		f.Why = "none on either side"
		return f, true
	}
	if k := min(length(a.seconds), length(b.seconds)); k < minSeconds {
		f.Why = tooShort(k)
		return f, true
	}
	// errors come in bursts; take the dispersion of the side with fewer errors,
	// because a change may have caused the bursts on the other side
	calm := a
	if y/m < x/n {
		calm = b
	}
	f.Test, f.P = ztest, twoProportions(x, n, y, m, dispersion(h.seconds(calm)))
	if math.Abs(f.Change) < o.MinShare {
		f.Why = fmt.Sprintf("less than %.3g points", o.MinShare)
	}
	return f, true
}

// count returns the number of calls with the outcome, and the number of all calls.
func (h share) count(s *side) (hits, calls float64) {
	for _, r := range s.reports {
		hits += float64(h.of(&r.Counts))
		calls += float64(r.Sent)
	}
	return hits, calls
}

// seconds returns the same numbers for each second.
func (h share) seconds(s *side) (hits, calls []float64) {
	for _, run := range s.seconds {
		for _, sec := range run {
			x, n := 0.0, 0.0
			for _, sample := range sec {
				x += float64(h.of(&sample.Counts))
				n += float64(sample.Answered + sample.Failed + sample.Unanswered)
			}
			hits, calls = append(hits, x), append(calls, n)
		}
	}
	return hits, calls
}
