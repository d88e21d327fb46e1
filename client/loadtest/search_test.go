package loadtest_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func parseGoals(t *testing.T, text string) []loadtest.Goal {
	t.Helper()
	goals, err := loadtest.ParseGoals(text)
	if err != nil {
		t.Fatal(err)
	}
	return goals
}

// TestFindMax_serial finds the rate of a handler that takes 2 ms and runs one call at
// a time.
func TestFindMax_serial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, serial("work", 2*time.Millisecond))
		p.Scenario, p.Duration, p.Interval = calling("work"), 2*time.Second, 2*time.Second
		told := 0
		s := loadtest.Search{Goals: parseGoals(t, "p99<20ms"), Start: 200, Precision: 0.1, Progress: func(loadtest.Try) { told++ }}
		f, err := loadtest.FindMax(t.Context(), p, s)
		if err != nil {
			t.Fatalf("FindMax() = %v", err)
		}
		if f.Rate < 460 || f.Rate > 505 || f.Report.Load.Rate != f.Rate || !strings.HasPrefix(f.Limit, "missed p99<20ms (it is ") {
			t.Errorf("FindMax() = %g, %q; want about 500, and the goal", f.Rate, f.Limit)
		}
		if told != len(f.Tries) || f.Tries[0].Rate != 200 || f.Tries[1].Rate != 400 || f.Tries[2].Rate != 800 || f.Tries[3].Rate != 800 || f.Tries[4].Rate != 600 {
			t.Errorf("%d told, tries %+v; want rates of 200, 400, 800 twice, 600", told, f.Tries)
		}
	})
}

// TestFindMax_ends has searches that end before they find the limit.
func TestFindMax_ends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		p.Scenario, p.Duration = calling("work"), 2*time.Second
		s := loadtest.Search{Goals: parseGoals(t, "p99<20ms"), Start: 50, Most: 120}
		f, err := loadtest.FindMax(t.Context(), p, s)
		if err != nil || f.Rate != 120 || len(f.Tries) != 3 || !strings.HasPrefix(f.Limit, "more than 120 a second was not asked for") {
			t.Errorf("FindMax() up to 120 = %+v, %v; want 120 after three tries", f, err)
		}

		s = loadtest.Search{Goals: parseGoals(t, "p99<1us"), Start: 4}
		if f, err = loadtest.FindMax(t.Context(), p, s); err != nil || f.Rate != 0 || f.Report != nil || !strings.HasPrefix(f.Limit, "missed p99<1us") {
			t.Errorf("FindMax() of an impossible search = %+v, %v; want no rate, and why", f, err)
		}

		s = loadtest.Search{Goals: parseGoals(t, "p99<20ms"), Start: 50}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		if f, err = loadtest.FindMax(ctx, p, s); err != nil || f.Rate != 50 || !strings.HasPrefix(f.Limit, "the search was interrupted") {
			t.Errorf("FindMax() that is interrupted = %+v, %v; want 50", f, err)
		}
		if f, err = loadtest.FindMax(ctx, p, s); err != nil || f.Rate != 0 || len(f.Tries) > 0 {
			t.Errorf("FindMax() with a context that is done = %+v, %v; want nothing tried", f, err)
		}
		cancel()

		for duration, limit := range map[time.Duration]string{4 * time.Second: "target lost: nothing", time.Second: "connect: unavailable"} {
			p := start(t, working(time.Millisecond))
			p.Scenario = calling("work")
			mortal(&p, duration+900*time.Millisecond)
			p.Duration, p.GiveUp = duration, time.Second
			s := loadtest.Search{Goals: parseGoals(t, "p99<20ms,err<1%"), Start: 50}
			f, err = loadtest.FindMax(t.Context(), p, s)
			if err != nil || f.Rate != 50 || len(f.Tries) != 2 || f.Tries[1].Held || !strings.HasPrefix(f.Limit, limit) {
				t.Errorf("FindMax() of a bot that dies = %+v, %v; want the rate that held before, and %q", f, err, limit)
			}
		}

		p = start(t, working(time.Millisecond))
		p.Scenario, p.Client.Secret = calling("work"), "wrong"
		if f, err = loadtest.FindMax(t.Context(), p, s); f != nil || wire.CodeOf(err) != wire.Unauthorized {
			t.Errorf("FindMax() with a wrong secret = %+v, %v; want %s", f, err, wire.Unauthorized)
		}
	})
}

func TestFindMax_wrong(t *testing.T) {
	goals := parseGoals(t, "p99<20ms")
	for want, change := range map[string]func(p *loadtest.Plan, s *loadtest.Search){
		"a search needs goals":              func(_ *loadtest.Plan, s *loadtest.Search) { s.Goals = nil },
		"a search sets the rate itself":     func(p *loadtest.Plan, _ *loadtest.Search) { p.Count = 1 },
		"must be from 0 to 1e+09":           func(_ *loadtest.Plan, s *loadtest.Search) { s.Start = math.Inf(1) },
		"Precision not below zero":          func(_ *loadtest.Plan, s *loadtest.Search) { s.Precision = -0.1 },
		"goal is empty":                     func(_ *loadtest.Plan, s *loadtest.Search) { s.Goals = make([]loadtest.Goal, 1) },
		"Timeout must not be below zero":    func(p *loadtest.Plan, _ *loadtest.Search) { p.Timeout = -1 },
		"think time is for a closed loop":   func(p *loadtest.Plan, _ *loadtest.Search) { p.Scenario.Think = 1 },
		"it is no route: want at least one": nil,
	} {
		p, s := loadtest.Plan{Target: "ws://localhost", Scenario: calling("work")}, loadtest.Search{Goals: goals}
		if change == nil {
			p.Scenario.Routes, want = nil, "want at least one"
		} else {
			change(&p, &s)
		}
		if f, err := loadtest.FindMax(t.Context(), p, s); f != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("FindMax() = %v, %v; want %q", f, err, want)
		}
	}
}

// TestFindMax_noise has a bot that is slow in single runs, which is not a limit.
func TestFindMax_noise(t *testing.T) {
	for name, test := range map[string]struct {
		slow  []int // numbers of the slow runs
		most  int   // MaxInFlight
		rates []float64
	}{
		"missed":  {[]int{1, 3}, 0, []float64{100, 200, 200, 400, 400}},
		"invalid": {[]int{1, 2, 4, 5}, 5, []float64{100, 200, 200, 200, 400, 400, 400}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var run atomic.Int64
				p := start(t, limited(10_000, "work", func(context.Context, wire.Empty) (wire.Empty, error) {
					if slices.Contains(test.slow, int(run.Load())) {
						time.Sleep(100 * time.Millisecond)
					}
					return wire.Empty{}, nil
				}))
				p.Scenario, p.Duration, p.MaxInFlight = calling("work"), 2*time.Second, test.most
				s := loadtest.Search{Goals: parseGoals(t, "p50<20ms"), Start: 100, Most: 400, Progress: func(loadtest.Try) { run.Add(1) }}
				f, err := loadtest.FindMax(t.Context(), p, s)
				if err != nil {
					t.Fatalf("FindMax() = %v", err)
				}
				var rates []float64
				for _, try := range f.Tries {
					rates = append(rates, try.Rate)
				}
				if f.Rate != 400 || !slices.Equal(rates, test.rates) {
					t.Errorf("FindMax() = %g, %q, tries at %g; want 400 by tries at %g", f.Rate, f.Limit, rates, test.rates)
				}
			})
		})
	}
}

// TestFindMax_gone has a bot that loses its route after a run.
func TestFindMax_gone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		p.Scenario, p.Duration = calling("work"), 2*time.Second
		s := loadtest.Search{Goals: parseGoals(t, "p99<20ms"), Start: 100, Progress: func(loadtest.Try) {
			o := *p.Client
			o.Secret = adminSecret
			boss, err := client.Dial(t.Context(), p.Target, &o)
			if err != nil {
				t.Fatal(err)
			}
			defer boss.Close()
			if _, err := client.Call(t.Context(), boss, admin.Unload, admin.CogName{Name: "work"}); err != nil {
				t.Fatal(err)
			}
		}}
		f, err := loadtest.FindMax(t.Context(), p, s)
		if err != nil || f.Rate != 100 || f.Report == nil || !strings.HasPrefix(f.Limit, "call work: no_route") {
			t.Errorf("FindMax() = %+v, %v; want the rate that held before, and the reason why no higher one did", f, err)
		}
	})
}

// TestFindMax_few checks that Limit says that a percentile of few calls is chance.
func TestFindMax_few(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		p.Scenario, p.Duration = calling("work"), 2*time.Second
		s := loadtest.Search{Goals: parseGoals(t, "p99<20ms,p99.9<20ms,rps>1"), Start: 600, Most: 600}
		f, err := loadtest.FindMax(t.Context(), p, s)
		const want = "p99.9<20ms was judged by too few calls: 1200 of the 10000 that it takes"
		if err != nil || f.Rate != 600 || f.Limit != "more than 600 a second was not asked for; "+want {
			t.Fatalf("FindMax() = %+v, %v; want 600, and %q", f, err, want)
		}
		if notes := f.Tries[0].Notes; !slices.Equal(notes, []string{want}) || !slices.Equal(f.Report.Notes, notes) {
			t.Errorf("notes = %q, of the report %q; want %q", notes, f.Report.Notes, want)
		}
	})
}
