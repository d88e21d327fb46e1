package loadtest_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// working returns a cog whose route "work" takes some time.
func working(takes time.Duration) cogs.Cog {
	return limited(10_000, "work", func(ctx context.Context, _ wire.Empty) (wire.Empty, error) {
		select {
		case <-time.After(takes):
			return wire.Empty{}, nil
		case <-ctx.Done():
			return wire.Empty{}, ctx.Err()
		}
	})
}

// mustRun runs p, and checks the report with checkReport.
func mustRun(t *testing.T, p loadtest.Plan) *loadtest.Report {
	t.Helper()
	r, err := loadtest.Run(t.Context(), p)
	if err != nil {
		t.Fatalf("Run() = %v", err)
	}
	checkReport(t, r)
	return r
}

// checkReport checks that the figures of a report agree with each other.
func checkReport(t *testing.T, r *loadtest.Report) {
	t.Helper()
	if r.Sent != r.Answered+r.Failed+r.Unanswered {
		t.Errorf("counts = %+v: Sent is not the sum of the outcomes", r.Counts)
	}
	var routes, timeline loadtest.Counts
	add := func(to *loadtest.Counts, c loadtest.Counts) {
		to.Sent += c.Sent
		to.Answered += c.Answered
		to.Failed += c.Failed
		to.Unanswered += c.Unanswered
		to.Expected += c.Expected
		to.Missed += c.Missed
	}
	for _, one := range r.Routes {
		add(&routes, one.Counts)
	}
	routes.Missed = r.Missed // missed calls have no route
	if diff := gocmp.Diff(r.Counts, routes); diff != "" {
		t.Errorf("all calls, and those of the routes: (-all +routes)\n%s", diff)
	}
	at := -r.Load.Warmup
	for _, s := range r.Timeline {
		add(&timeline, s.Counts)
		if math.Abs(s.At-s.Seconds-at) > 1e-6 {
			t.Errorf("a sample of %g s ends at %g s; want it to begin at %g s", s.Seconds, s.At, at)
		}
		at = s.At
	}
	if r.Load.Warmup == 0 {
		if diff := gocmp.Diff(r.Counts, timeline); diff != "" {
			t.Errorf("all calls, and those of the timeline: (-all +timeline)\n%s", diff)
		}
	}
	errors := int64(0)
	for _, e := range r.Errors {
		errors += e.Count
	}
	if errors != r.Failed+r.Unanswered+r.Expected {
		t.Errorf("%d errors; want those of %+v", errors, r.Counts)
	}
}

// TestRun_count checks that Count calls are made, with and without a warm-up.
func TestRun_count(t *testing.T) {
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX, loadtest.IPCXDial} {
		for _, warmup := range []time.Duration{0, 333 * time.Millisecond} {
			for _, rate := range []float64{0, 250} {
				t.Run(fmt.Sprintf("%s/%s/%g", dialect, warmup, rate), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						p := start(t, working(10*time.Millisecond))
						p.Dialect, p.Scenario, p.Count, p.Warmup, p.Rate = dialect, calling("work"), 101, warmup, rate
						if rate == 0 {
							p.Callers, p.Depth = 3, 2
						}
						r := mustRun(t, p)
						if r.Sent != 101 || r.Answered != 101 || r.End != loadtest.EndDone {
							t.Errorf("Run() = %+v, %s; want 101 answered, %s", r.Counts, r.End, loadtest.EndDone)
						}
						want := 101 / (17 * 0.010) // 17 rounds of 6 calls, 10 ms each
						if dialect == loadtest.IPCX && rate == 0 {
							want /= 2 // each connection has one call at a time
						}
						if rate > 0 {
							want = rate
						}
						if got := r.Rate.Sent; math.Abs(got/want-1) > 0.07 {
							t.Errorf("rate = %+v; want about %g", r.Rate, want)
						}
						if rate > 0 && (math.Abs(r.Rate.Wanted-rate) > 0.001 || math.Abs(r.Rate.Sent/rate-1) > 0.01) {
							t.Errorf("rate = %+v; want %g", r.Rate, rate)
						}
					})
				})
			}
		}
	}
}

// TestRun_rates calls a bot that answers half of the calls in the sending phase, and
// the other half later.
func TestRun_rates(t *testing.T) {
	for name, warmup := range map[string]time.Duration{"cold": 0, "warm": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, serial("work", 4*time.Millisecond))
				p.Scenario, p.Rate, p.Warmup, p.Duration, p.Timeout = calling("work"), 500, warmup, 4*time.Second, 30*time.Second
				r := mustRun(t, p)
				if r.Sent != 2000 || r.Answered != 2000 {
					t.Errorf("counts = %+v; want 2,000 answered at last", r.Counts)
				}
				if got := r.Rate; got.Wanted != 500 || math.Abs(got.Sent-500) > 1 || math.Abs(got.Answered-250) > 3 {
					t.Errorf("rate = %+v; want 500 sent and 250 answered", got)
				}
				if want := 8.0 + warmup.Seconds(); math.Abs(r.Measured-want) > 0.1 {
					t.Errorf("measured %g s; want %g s, until the last answer", r.Measured, want)
				}
				last := r.Timeline[len(r.Timeline)-1]
				if math.Abs(last.At-r.Measured) > 0.01 {
					t.Errorf("the last sample ends at %g s; want it at the end, %g s", last.At, r.Measured)
				}
			})
		})
	}
}

// serial returns a cog whose route runs one call at a time, and refuses none.
func serial(route wire.Route[wire.Empty, wire.Empty], takes time.Duration) cogs.Cog {
	return cogs.Cog{Name: "serial", MaxInFlight: 100_000, Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.HandleWith(r, route, cogs.RouteOptions[wire.Empty]{Serial: true}, func(context.Context, wire.Empty) (wire.Empty, error) {
			time.Sleep(takes)
			return wire.Empty{}, nil
		})
		return nil
	}}
}

// TestRun_ramp checks the rate in each second.
func TestRun_ramp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		p.Scenario, p.Rate = calling("work"), 100
		p.Stages = []loadtest.Stage{{Rate: 300, Over: 2 * time.Second}, {Rate: 0}, {Rate: 0, Over: time.Second}, {Rate: 500}, {Rate: 500, Over: time.Second}}
		r := mustRun(t, p)
		var got []int64
		for _, s := range r.Timeline {
			got = append(got, s.Sent)
		}
		// a call that is due at the end of a second may count in either second
		want := []int64{150, 250, 0, 500}
		for i, n := range got {
			if i >= len(want) || n < want[i]-1 || n > want[i]+1 {
				t.Fatalf("sent by second: %d; want about %d", got, want)
			}
		}
		if len(got) != len(want) || r.Sent < 900 || r.Sent > 901 || math.Abs(r.Rate.Wanted-225) > 1e-6 {
			t.Errorf("sent by second: %d, all %d, wanted %g/s; want %d, 900, 225/s", got, r.Sent, r.Rate.Wanted, want)
		}
	})
}

// TestRun_think has callers that pause after each call.
func TestRun_think(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(15*time.Millisecond))
		p.Scenario, p.Callers, p.Duration = calling("work"), 5, time.Second
		p.Scenario.Think = 35 * time.Millisecond
		r := mustRun(t, p)
		if r.Sent != 5*20 || r.Response.P50 < 14.9 || r.Response.Max > 15.1 || r.Load.Think != 35 {
			t.Errorf("sent %d, took %g to %g ms; want 100 of 15 ms each", r.Sent, r.Response.P50, r.Response.Max)
		}
		if r.Response.P50 != r.Service.P50 || r.Response.Mean != r.Service.Mean {
			t.Errorf("response %+v, service %+v; want the same in a closed loop", r.Response, r.Service)
		}
		if got := r.Rate; got.Sent != 100 || math.Abs(got.Answered-100) > 0.001 || got.Wanted != 0 {
			t.Errorf("rate = %+v; want 100/s", got)
		}
	})
}

// TestRun_connections checks that callers are spread over the connections. With IPCX
// a connection has one call at a time, so the number of calls shows how many
// connections are in use.
func TestRun_connections(t *testing.T) {
	for _, test := range []struct {
		dialect                           loadtest.Dialect
		callers, depth, connections, busy int
	}{
		{loadtest.V1, 1, 1, 0, 1},
		{loadtest.V1, 3, 4, 0, 12},
		{loadtest.V1, 6, 2, 3, 12},
		{loadtest.IPCX, 1, 1, 0, 1},
		{loadtest.IPCX, 3, 4, 0, 3},
		{loadtest.IPCX, 6, 2, 3, 3},
		{loadtest.IPCX, 2, 1, 4, 2},
		{loadtest.IPCX, 2, 3, 1, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := start(t, working(10*time.Millisecond))
			p.Dialect, p.Scenario, p.Duration = test.dialect, calling("work"), 200*time.Millisecond
			p.Callers, p.Depth, p.Connections = test.callers, test.depth, test.connections
			r := mustRun(t, p)
			// one call of each caller at the start, and one after each answer but the last
			if want := int64(test.callers*test.depth + 19*test.busy); r.Sent != want {
				t.Errorf("%+v: sent %d; want %d", test, r.Sent, want)
			}
			n := cmp.Or(test.connections, test.callers)
			if r.Lines.Asked != n || r.Lines.Opened != int64(n) || r.Load.Connections != n || r.Lines.Connect.Count != int64(n) {
				t.Errorf("%+v: connections = %+v; want %d", test, r.Lines, n)
			}
		})
	}
}

// TestRun_timeouts has a route with a Timeout of its own. A call without an answer in
// that time is unanswered, and has taken that time.
func TestRun_timeouts(t *testing.T) {
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX, loadtest.IPCXDial} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, working(3*time.Second))
				p.Dialect, p.Scenario, p.Count, p.Timeout = dialect, calling("work", "work"), 20, 2*time.Second
				p.Callers = 10
				p.Scenario.Routes[0].Timeout = time.Second
				r := mustRun(t, p)
				if r.Unanswered != 20 {
					t.Errorf("counts = %+v; want 20 unanswered", r.Counts)
				}
				for i, want := range []float64{1000, 2000} {
					if got := r.Routes[i].Response; got.Count == 0 || got.Min < want-5 || got.Max > want+5 {
						t.Errorf("route %d: %d calls took %g to %g ms; want %g", i, got.Count, got.Min, got.Max, want)
					}
				}
				for _, e := range r.Errors {
					if e.Code != wire.Timeout || !e.Unanswered {
						t.Errorf("error = %+v; want it unanswered, %s", e, wire.Timeout)
					}
				}
			})
		})
	}
}

// TestRun_expected checks that an error that the scenario expects counts as an answer
// if the bot sent it, or if it is a timeout.
func TestRun_expected(t *testing.T) {
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX, loadtest.IPCXDial} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, working(time.Second), limited(10_000, "seq", func(_ context.Context, in struct{ Seq int }) (wire.Empty, error) {
					time.Sleep(time.Millisecond)
					if in.Seq%2 == 0 {
						return wire.Empty{}, wire.Errorf(wire.NotFound, "it is even")
					}
					return wire.Empty{}, nil
				}))
				p.Dialect, p.Count, p.Rate, p.Timeout = dialect, 100, 100, 500*time.Millisecond
				p.Scenario = calling(`seq={"Seq":{{seq}}}`)
				p.Scenario.Routes[0].Expect = []wire.Code{wire.NotFound}
				r := mustRun(t, p)
				if r.Answered != 100 || r.Expected != 50 || r.Response.Count != 100 || len(r.Errors) != 1 || !r.Errors[0].Expected {
					t.Errorf("counts = %+v, errors %+v; want all answered, 50 by an error", r.Counts, r.Errors)
				}
				p.Scenario = calling("work")
				p.Scenario.Routes[0].Expect = []wire.Code{wire.Timeout}
				if r = mustRun(t, p); r.Expected != 100 {
					t.Errorf("counts = %+v; want 100 expected timeouts", r.Counts)
				}
				p.Scenario.Routes[0].Expect = []wire.Code{wire.Canceled, wire.Interrupted}
				p.Timeout, p.Grace = 10*time.Second, time.Millisecond // the generator gives up first
				if r = mustRun(t, p); r.Expected != 0 || r.Unanswered == 0 {
					t.Errorf("counts = %+v; want calls without an answer unanswered", r.Counts)
				}
			})
		})
	}
}

// TestRun_maxInFlight checks that calls beyond MaxInFlight are not sent, and make the
// run invalid unless they were due in the warm-up.
func TestRun_maxInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(100*time.Millisecond))
		p.Scenario, p.Rate, p.MaxInFlight, p.Duration = calling("work"), 99, 5, time.Second
		r := mustRun(t, p)
		if r.Missed < 40 || r.Sent+r.Missed != 99 || r.Answered != r.Sent {
			t.Errorf("counts = %+v; want about half of 99 missed", r.Counts)
		}
		if len(r.Invalid) != 1 || !strings.Contains(r.Invalid[0], fmt.Sprintf("%d calls were not sent when due, since 5 calls were under way", r.Missed)) {
			t.Errorf("invalid %q; want it to tell of %d missed", r.Invalid, r.Missed)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		p := start(t, limited(10_000, "work", func(context.Context, wire.Empty) (wire.Empty, error) {
			if time.Since(begin) < 600*time.Millisecond {
				time.Sleep(300 * time.Millisecond)
			}
			return wire.Empty{}, nil
		}))
		p.Scenario, p.Rate, p.MaxInFlight, p.Warmup, p.Duration = calling("work"), 99, 5, time.Second, time.Second
		r := mustRun(t, p)
		missed := int64(0)
		for _, s := range r.Timeline {
			missed += s.Missed
		}
		if r.Missed != 0 || r.Sent != 99 || missed == 0 || len(r.Invalid) > 0 {
			t.Errorf("counts = %+v, %d missed in the warm-up, invalid %q; want all sent behind it", r.Counts, missed, r.Invalid)
		}
	})
}

// TestRun_seed checks that the same seed draws the same calls, even if other callers
// make them.
func TestRun_seed(t *testing.T) {
	draw := func(rate float64, jitter int64) (got map[string]int) {
		got = map[string]int{}
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex // protects got
			var n atomic.Int64
			p := start(t, limited(10_000, "work", func(_ context.Context, in struct{ Text string }) (wire.Empty, error) {
				mu.Lock()
				got[in.Text]++
				mu.Unlock()
				time.Sleep(time.Duration(1+n.Add(1)*jitter%7) * time.Millisecond)
				return wire.Empty{}, nil
			}))
			p.Scenario = calling(`work={"Text":"{{seq}} {{guild}} {{rand 1000}}"}`)
			if rate == 0 {
				p.Callers = 3 // the bot decides which caller has the nth call
				p.Scenario = calling(`work={"Text":"{{guild}} {{rand 1000}}"}`)
				p.Scenario.Think = 20 * time.Millisecond
			}
			p.Rate, p.Duration, p.Seed = rate, 500*time.Millisecond, 7
			if rate == 0 {
				p.Duration, p.Count = 0, 3
			}
			mustRun(t, p)
		})
		return got
	}
	for _, rate := range []float64{0, 200} {
		if diff := gocmp.Diff(draw(rate, 0), draw(rate, 5)); diff != "" {
			t.Errorf("calls at %g/s with the same seed (-one +other)\n%s", rate, diff)
		}
	}
}

// TestRun_idle has a rate of zero for longer than GiveUp. The run goes on.
func TestRun_idle(t *testing.T) {
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX, loadtest.IPCXDial} {
		synctest.Test(t, func(t *testing.T) {
			p := start(t, working(time.Millisecond))
			p.Dialect, p.Scenario, p.Rate = dialect, calling("work"), 10
			p.Stages = []loadtest.Stage{{Rate: 10, Over: time.Second}, {Rate: 0}, {Rate: 0, Over: 20 * time.Second}, {Rate: 10}, {Rate: 10, Over: time.Second}}
			r := mustRun(t, p)
			if r.End != loadtest.EndDone || r.Answered != 20 {
				t.Errorf("%s: %s, %+v; want 20 answered", dialect, r.End, r.Counts)
			}
		})
	}
}

// TestRun_dialSeen checks that Plan.Client's DialContext opens all connections.
func TestRun_dialSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		dial, dialled := p.Client.DialContext, atomic.Int64{}
		p.Client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialled.Add(1)
			return dial(ctx, network, addr)
		}
		p.Scenario, p.Rate, p.Count, p.Connections = calling("work"), 100, 10, 3
		r := mustRun(t, p)
		if dialled.Load() != 4 || r.Lines.Opened != 3 { // one connection is for the statistics
			t.Errorf("%d connections, %+v; want 3, and one for the bot's counts", dialled.Load(), r.Lines)
		}
	})
}

// TestRun_tooSlow has a rate that no generator can reach. The run ends in time, and
// the report counts the calls that were not sent.
func TestRun_tooSlow(t *testing.T) {
	p := start(t, working(0))
	p.Scenario, p.Rate, p.MaxInFlight, p.Connections = calling("work"), 1e9, 4, 1
	p.Warmup, p.Duration = 10*time.Millisecond, 20*time.Millisecond
	r := mustRun(t, p)
	if got := r.Sent + r.Missed; math.Abs(float64(got-20_000_000)) > 10 {
		t.Errorf("counts = %+v; want 20,000,000 sent or missed", r.Counts)
	}
	all := strings.Join(r.Invalid, "; ")
	if r.End != loadtest.EndDone || !strings.Contains(all, "generator was the bottleneck: ") || !strings.Contains(all, "calls were due and not sent before the end") {
		t.Errorf("%s, invalid %q; want it to tell of calls that were not sent in time", r.End, r.Invalid)
	}
	p.Count, p.Warmup = 10_000_000, 0
	if r = mustRun(t, p); r.Sent+r.Missed != 10_000_000 {
		t.Errorf("counts = %+v; want no more than Count missed", r.Counts)
	}
}
