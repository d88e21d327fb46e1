package compare_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/compare"
)

// A recipe makes reports with seconds that vary as on a busy machine.
type recipe struct {
	seconds int     // 15 if zero
	slower  float64 // the share by which calls are slower; the rate falls with it
	tail    float64 // the same for p99 and above only
	noise   float64 // standard deviation of a second; four times as much in the tail
	rho     float64 // correlation of neighbouring seconds
	drift   float64 // standard deviation of a whole run
	errors  func(second int) int64
}

func (m recipe) run(r *rand.Rand) *loadtest.Report {
	n := m.seconds
	if n == 0 {
		n = 15
	}
	level := (1 + m.slower) * math.Exp(m.drift*r.NormFloat64())
	noise := func(scale float64) func() float64 {
		x := r.NormFloat64()
		return func() float64 {
			x = m.rho*x + math.Sqrt(1-m.rho*m.rho)*r.NormFloat64()
			return math.Exp(scale * m.noise * x)
		}
	}
	body, tail := noise(1), noise(4)
	rep := &loadtest.Report{Version: loadtest.ReportVersion, End: loadtest.EndDone}
	rep.Load = loadtest.Load{Target: "ws://localhost:8765", Dialect: loadtest.V1, Connections: 4, Callers: 8, Duration: float64(n), Routes: []string{"echo"}}
	for i := range n {
		b, t := level*body(), level*(1+m.tail)*tail()
		s := loadtest.Sample{At: float64(i + 1), Seconds: 1, P50: 0.2 * b, P90: 0.3 * b, P99: 0.6 * t, Max: 8 * t, Service: 0.5 * t}
		s.Answered = int64(20000 / b)
		if m.errors != nil {
			s.Failed = m.errors(i)
			s.Answered -= s.Failed
		}
		s.Sent = s.Answered + s.Failed
		rep.Timeline = append(rep.Timeline, s)
		rep.Answered += s.Answered
		rep.Failed += s.Failed
		rep.Sent += s.Sent
	}
	typical := func(of func(loadtest.Sample) float64) float64 {
		var all []float64
		for _, s := range rep.Timeline {
			all = append(all, of(s))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	rep.Rate.Answered = float64(rep.Answered) / float64(n)
	rep.Response = loadtest.Latency{
		Count: rep.Sent,
		P50:   typical(func(s loadtest.Sample) float64 { return s.P50 }),
		P90:   typical(func(s loadtest.Sample) float64 { return s.P90 }),
		P99:   typical(func(s loadtest.Sample) float64 { return s.P99 }),
		P999:  2 * typical(func(s loadtest.Sample) float64 { return s.P99 }),
	}
	rep.Service = loadtest.Latency{Count: rep.Sent, P50: 0.9 * rep.Response.P50, P99: typical(func(s loadtest.Sample) float64 { return s.Service })}
	return rep
}

func (m recipe) runs(r *rand.Rand, n int) []*loadtest.Report {
	var all []*loadtest.Report
	for range n {
		all = append(all, m.run(r))
	}
	return all
}

func compared(t *testing.T, before, after []*loadtest.Report) *compare.Comparison {
	t.Helper()
	c, err := compare.Runs(before, after, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verdicts returns the figures that differ.
func verdicts(c *compare.Comparison) map[string]compare.Verdict {
	all := map[string]compare.Verdict{}
	for _, f := range c.Figures {
		if f.Verdict != compare.Same {
			all[f.Name] = f.Verdict
		}
	}
	return all
}

func figure(t *testing.T, c *compare.Comparison, name string) compare.Figure {
	t.Helper()
	i := slices.IndexFunc(c.Figures, func(f compare.Figure) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no figure %q in %v", name, c.Figures)
	}
	return c.Figures[i]
}

// busy is the noise that was measured on a machine with other work.
var busy = recipe{noise: 0.03, rho: 0.5, drift: 0.02}

func with(m recipe, change func(*recipe)) recipe {
	change(&m)
	return m
}
