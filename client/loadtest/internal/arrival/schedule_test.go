package arrival

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A plan has the arguments of NewSchedule.
type plan struct {
	Rate   float64
	Warmup time.Duration
	Stages []Stage
}

func (p *plan) schedule() *Schedule { return NewSchedule(p.Rate, p.Warmup, p.Stages) }

// dues returns the times at which the first n calls are due, in ms, or fewer times
// if fewer calls are due.
func dues(p *plan, n int) (list []float64) {
	s := p.schedule()
	for range n {
		at, ok := s.Next()
		if !ok {
			break
		}
		list = append(list, millis(at))
	}
	return list
}

func millis(d time.Duration) float64 { return float64(d) / 1e6 }

func TestSchedule(t *testing.T) {
	sec := time.Second
	for name, test := range map[string]struct {
		plan plan
		want []float64 // ms
	}{
		"constant":   {plan{Rate: 4}, []float64{0, 250, 500, 750, 1000}},
		"seventh":    {plan{Rate: 7}, []float64{0, 142.857143, 285.714286, 428.571429, 571.428571}},
		"warm-up":    {plan{Rate: 2, Warmup: 750 * time.Millisecond}, []float64{0, 500, 1000, 1500}},
		"rise":       {plan{Stages: []Stage{{200, sec}, {200, sec}}}, []float64{0, 100, 141.421356, 173.205081, 200}},
		"fall":       {plan{Rate: 4, Stages: []Stage{{0, 2 * sec}}}, []float64{0, 267.949192, 585.786438, 1000}},
		"step":       {plan{Rate: 1, Stages: []Stage{{1, sec}, {4, 0}, {4, sec}}}, []float64{0, 1000, 1250, 1500, 1750, 2000}},
		"gap":        {plan{Rate: 2, Stages: []Stage{{2, sec}, {0, 0}, {0, 3 * sec}, {2, 0}, {2, sec}}}, []float64{0, 500, 4000, 4500, 5000}},
		"cold start": {plan{Warmup: sec, Stages: []Stage{{2, 0}, {2, sec}}}, []float64{1000, 1500, 2000}},
		"nothing":    {plan{}, nil},
		"slow":       {plan{Rate: 1e-12}, []float64{0, millis(math.MaxInt64)}}, // in 30,000 years
	} {
		n := len(test.want)
		if name == "fall" || name == "nothing" {
			n++ // ask for one call more than are due
		}
		if diff := cmp.Diff(test.want, dues(&test.plan, n)); diff != "" {
			t.Errorf("%s: calls are due (-want +got)\n%s", name, diff)
		}
	}
}

// TestSchedule_integral compares the calls with the integral of the rate, for random
// plans: call n is due exactly when the integral is n, and never earlier.
func TestSchedule_integral(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	rate := func() float64 { return float64(draw.IntN(4)) * draw.Float64() * 100 } // 0 is frequent
	for range 300 {
		p := plan{Rate: rate(), Warmup: time.Duration(draw.IntN(3)) * time.Second / 3}
		for range draw.IntN(5) {
			p.Stages = append(p.Stages, Stage{rate(), time.Duration(draw.IntN(4)) * time.Second / 7})
		}
		s := p.schedule()
		last := time.Duration(0)
		for n := range 500 {
			at, ok := s.Next()
			if !ok {
				if all := s.Due(0, time.Hour); all > float64(n)+1e-6 {
					t.Fatalf("%+v: %d calls; want %g", p, n, all)
				}
				break
			}
			if at < last || at < 0 {
				t.Fatalf("%+v: call %d is due at %s, the one before at %s", p, n, at, last)
			}
			if got := s.Due(0, at); math.Abs(got-float64(n)) > 1e-5 {
				t.Fatalf("%+v: call %d is due at %s; want it when %d are, and %g are", p, n, at, n, got)
			}
			last = at
		}
	}
}

func TestSchedule_Due(t *testing.T) {
	p := plan{Rate: 10, Warmup: time.Second, Stages: []Stage{{30, 2 * time.Second}, {0, time.Second}}}
	s := p.schedule()
	for _, test := range []struct {
		from, to time.Duration
		want     float64
	}{
		{0, time.Second, 10},
		{time.Second, 3 * time.Second, 40},
		{3 * time.Second, 4 * time.Second, 15},
		{time.Second, time.Minute, 55},
		{2 * time.Second, 3 * time.Second, 25},
		{time.Hour, 2 * time.Hour, 0},
	} {
		if got := s.Due(test.from, test.to); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("Due(%s, %s) = %g; want %g", test.from, test.to, got, test.want)
		}
	}
}
