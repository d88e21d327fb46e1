package loadtest_test

import (
	"context"
	"errors"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// eachDialect runs test in a bubble for each dialect.
func eachDialect(t *testing.T, test func(t *testing.T, dialect loadtest.Dialect)) {
	t.Helper()
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX, loadtest.IPCXDial} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, dialect) })
		})
	}
}

// TestRun_refused checks that the run ends at the first answer that says that the
// route does not exist, even if calls of other callers are under way.
func TestRun_refused(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		for _, rate := range []float64{0, 100} {
			p := start(t, working(time.Hour))
			p.Dialect, p.Scenario, p.Rate = dialect, calling("work", "nowhere"), rate
			if rate == 0 {
				p.Callers = 20 // so that one of them draws "nowhere" first
			}
			began := time.Now()
			r, err := loadtest.Run(t.Context(), p)
			if r == nil || r.End != loadtest.EndRefused || wire.CodeOf(err) != wire.NoRoute || !strings.Contains(r.EndedBy, "nowhere") {
				t.Fatalf("Run() at %g/s = %v; want %s and why", rate, err, loadtest.EndRefused)
			}
			checkReport(t, r)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("Run() took %s; want it to end at once, but for closing", took)
			}
		}
	})
}

// TestRun_unloaded checks that the run goes on, and counts failures, when a route that
// has answered before no longer exists.
func TestRun_unloaded(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		p := start(t, working(time.Millisecond))
		p.Dialect, p.Scenario, p.Callers, p.Duration = dialect, calling("work"), 2, 3*time.Second
		p.Scenario.Think = 9 * time.Millisecond
		p.Faults = faults(t, "reload=work@500ms,unload=work@1s,load=work@2s")
		r := mustRun(t, p)
		if r.End != loadtest.EndDone || len(r.Errors) != 1 || r.Errors[0].Code != wire.NoRoute || r.Failed < 50 || r.Failed > 210 {
			t.Errorf("%s, %+v, errors %+v; want no_route for a second", r.End, r.Counts, r.Errors)
		}
		if at := r.Errors[0].FirstAt; at < 1 || at > 1.1 {
			t.Errorf("the first error came at %g s; want it behind 1 s", at)
		}
	})
}

// TestRun_forbidden checks that the run goes on when a handler forbids some calls,
// because it may allow others.
func TestRun_forbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, cogs.Single("work", func(_ context.Context, in struct{ Seq int }) (wire.Empty, error) {
			if in.Seq < 3 {
				return wire.Empty{}, wire.Errorf(wire.Forbidden, "not you")
			}
			return wire.Empty{}, nil
		}))
		p.Scenario, p.Rate, p.Count = calling(`work={"Seq":{{seq}}}`), 100, 50
		if r := mustRun(t, p); r.End != loadtest.EndDone || r.Failed != 2 || r.Answered != 48 {
			t.Errorf("%s, %+v; want 2 failed", r.End, r.Counts)
		}
	})
}

// TestRun_wrongSecret checks that the run fails at connecting, or, in dialects in
// which the bot accepts the connection, at the first answer.
func TestRun_wrongSecret(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		p := start(t, working(time.Millisecond))
		p.Dialect, p.Scenario, p.Client.Secret = dialect, calling("work"), "wrong"
		r, err := loadtest.Run(t.Context(), p)
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != wire.Unauthorized {
			t.Errorf("Run() = %v; want a wire error, %s", err, wire.Unauthorized)
		}
		if connects := dialect == loadtest.V1; connects && r != nil || !connects && (r == nil || r.End != loadtest.EndRefused) {
			t.Errorf("report = %+v; want %s, unless connecting shows it", r, loadtest.EndRefused)
		}
	})
}

// TestRun_interrupted checks that an interrupted run ends within Grace, with a report.
func TestRun_interrupted(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		for name, takes := range map[string]time.Duration{"quick": 10 * time.Millisecond, "hangs": time.Hour} {
			for _, rate := range []float64{0, 100} {
				p := start(t, working(takes))
				p.Dialect, p.Scenario, p.Rate, p.Duration = dialect, calling("work"), rate, time.Hour
				p.Timeout, p.Grace, p.Connections = time.Hour, 2*time.Second, 1
				p.Faults = faults(t, "slow-reader=1@2900ms,reload=work@30m")
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				began := time.Now()
				r, err := loadtest.Run(ctx, p)
				cancel()
				if err != nil || r.End != loadtest.EndInterrupted {
					t.Fatalf("Run(), %s, %g/s = %+v, %v; want %s", name, rate, r, err, loadtest.EndInterrupted)
				}
				checkReport(t, r)
				took := time.Since(began)
				switch {
				case name == "quick" && (r.Answered < 290 || r.Unanswered > 0 || took > 4500*time.Millisecond):
					t.Errorf("quick, %g/s: %+v in %s; want all answered in 3 s", rate, r.Counts, took)
				case name == "hangs" && (r.Answered > 0 || r.Unanswered == 0 || took < 4*time.Second || took > 6500*time.Millisecond):
					t.Errorf("hangs, %g/s: %+v in %s; want none answered in 3 s and %s", rate, r.Counts, took, p.Grace)
				case rate > 0 && math.Abs(r.Rate.Sent-100) > 1:
					t.Errorf("%s: rate %+v; want 100/s until the interruption", name, r.Rate)
				}
				if f := r.Faults[1]; f.Err != "the run ended before" {
					t.Errorf("fault = %+v; want that the run ended before", f)
				}
			}
		}
	})
}

// TestRun_interruptedFirst cancels the run before it connects, and while it does.
func TestRun_interruptedFirst(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		for _, after := range []time.Duration{0, time.Second} {
			p := start(t, working(time.Millisecond))
			p.Client.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			p.Dialect, p.Scenario = dialect, calling("work")
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(after, cancel)
			began := time.Now()
			r, err := loadtest.Run(ctx, p)
			if r != nil || wire.CodeOf(err) != wire.Canceled || !errors.Is(err, context.Canceled) || time.Since(began) != after {
				t.Errorf("Run() = %v, %v in %s; want %s in %s", r, err, time.Since(began), wire.Canceled, after)
			}
		}
	})
}

// TestRun_aborted checks that the run ends when a goal is missed the third time in a
// row, and not before.
func TestRun_aborted(t *testing.T) {
	for text, slow := range map[string]func(second int) bool{
		"aborted": func(s int) bool { return s >= 3 },
		"done":    func(s int) bool { return s%3 != 0 },
		"warm":    func(s int) bool { return s < 0 },
	} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now().Add(5 * time.Second)
			p := start(t, limited(10_000, "work", func(context.Context, wire.Empty) (wire.Empty, error) {
				if slow(int(math.Floor(time.Since(begin).Seconds()))) {
					time.Sleep(20 * time.Millisecond)
				}
				return wire.Empty{}, nil
			}))
			goals, err := loadtest.ParseGoals("p90<10ms,missed<1")
			if err != nil {
				t.Fatal(err)
			}
			p.Scenario, p.Rate, p.Warmup, p.Duration, p.AbortOn = calling("work"), 10, 5*time.Second, 12*time.Second, goals
			r := mustRun(t, p)
			if text == "aborted" {
				if r.End != loadtest.EndAborted || math.Abs(r.Measured-6) > 0.1 || r.EndedBy != "p90<10ms was missed three times in a row, the last time with 20 ms" {
					t.Errorf("%s at %g s: %q; want %s at 6 s", r.End, r.Measured, r.EndedBy, loadtest.EndAborted)
				}
			} else if r.End != loadtest.EndDone || r.Sent != 120 {
				t.Errorf("%s: %s, %+v, %q; want it not to end before", text, r.End, r.Counts, r.EndedBy)
			}
		})
	}
}

// TestRun_template checks that the run ends when a template fails or produces invalid
// JSON, which it did not do when Compile tried it. The run does not send such a call.
func TestRun_template(t *testing.T) {
	for data, want := range map[string]string{
		`{"n": {{if gt seq 50}}{{rand 0}}{{else}}1{{end}}}`: "make the data of work: ",
		`{{if gt seq 50}}x{{else}}1{{end}}`:                 `call 51: the data of work is not JSON: "x"`,
	} {
		synctest.Test(t, func(t *testing.T) {
			p := start(t, cogs.Single("work", func(context.Context, any) (wire.Empty, error) {
				time.Sleep(time.Millisecond)
				return wire.Empty{}, nil
			}))
			p.Scenario = scenario.Scenario{Routes: []scenario.Route{{Name: "work", Data: data}}}
			for _, rate := range []float64{0, 100} {
				p.Rate = rate
				r, err := loadtest.Run(t.Context(), p)
				if err == nil || !strings.Contains(err.Error(), "the scenario failed: "+want) {
					t.Fatalf("Run() = %v; want %q", err, want)
				}
				if _, ok := errors.AsType[*wire.Error](err); ok {
					t.Errorf("Run() = %v, which is an error of the bot; want it the scenario's", err)
				}
				checkReport(t, r)
				if r.End != loadtest.EndScenario || r.Sent != 50 || r.Answered != 50 || !strings.HasPrefix(r.EndedBy, want) {
					t.Errorf("Run() at %g/s: %s, %+v, %q; want %s after 50 calls", rate, r.End, r.Counts, r.EndedBy, loadtest.EndScenario)
				}
			}
		})
	}
}

// TestRun_untimed loses its bot, so that all calls fail at once. Such samples do not
// meet a goal for a time.
func TestRun_untimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		mortal(&p, 1995*time.Millisecond)
		p.Dialect, p.Scenario, p.Rate, p.Duration, p.GiveUp = loadtest.IPCXDial, calling("work"), 100, 20*time.Second, time.Minute
		p.AbortOn = parseGoals(t, "p99<50ms")
		r := mustRun(t, p)
		last := r.Timeline[len(r.Timeline)-1]
		if r.End != loadtest.EndAborted || !strings.HasSuffix(r.EndedBy, "the last time with no call that took any time") || last.Failed == 0 || last.Timed != 0 {
			t.Errorf("%s, %q, at last %+v; want %s", r.End, r.EndedBy, last, loadtest.EndAborted)
		}
		if first := r.Timeline[0]; first.Timed != 100 && first.Timed != 99 {
			t.Errorf("sample = %+v; want 100 timed", first)
		}
	})
}

// TestRun_neverSent loses its bot. Calls that no connection has taken count as failed,
// and have no service time.
func TestRun_neverSent(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		for _, end := range []string{"lost", "done"} {
			p := start(t, working(time.Millisecond))
			mortal(&p, 1005*time.Millisecond)
			p.Dialect, p.Scenario, p.Rate, p.Duration, p.Timeout = dialect, calling("work"), 100, 3*time.Second, time.Minute
			p.GiveUp, p.Grace = time.Second, time.Second
			if end == "done" {
				p.GiveUp = time.Minute
			}
			r, _ := loadtest.Run(t.Context(), p)
			if r == nil {
				t.Fatal("there is no report")
			}
			checkReport(t, r)
			if r.Unanswered > 1 || r.Failed < 90 || r.Answered < 99 || r.Service.Count > r.Answered+1 || r.Service.Max > 10 {
				t.Errorf("%s: %+v, service %+v; want those without a connection failed, and no service of them", end, r.Counts, r.Service)
			}
			for _, e := range r.Errors {
				if e.Code == wire.Canceled || e.Code == wire.Unavailable && e.Unanswered {
					t.Errorf("%s: %+v; want %s, failed", end, e, wire.Unavailable)
				}
			}
		}
	})
}

// TestRun_graceShort checks that calls still under way after Grace are cancelled.
func TestRun_graceShort(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		p := start(t, working(2900*time.Millisecond))
		p.Dialect, p.Scenario, p.Rate, p.Duration, p.Grace = dialect, calling("work"), 2, 2*time.Second, 2*time.Second
		r := mustRun(t, p)
		if r.End != loadtest.EndDone || r.Sent != 4 || r.Answered != 3 || r.Unanswered != 1 || r.Errors[0].Code != wire.Canceled {
			t.Errorf("%s, %+v, %+v; want 3 of 4 answered", r.End, r.Counts, r.Errors)
		}
		if r.Measured != 4 || r.Rate.Sent != 2 || r.Rate.Answered != 0 {
			t.Errorf("measured %g s, rates %+v; want 4 s, 2/s and none in time", r.Measured, r.Rate)
		}
		if r.Response.Count != 4 || r.Response.Min < 2499 || r.Response.Max > 2905 {
			t.Errorf("response = %+v; want 2.5 to 2.9 s", r.Response)
		}
	})
}

// TestRun_python calls a bot that reports no statistics.
func TestRun_python(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bot, p := startPython(t)
		p.Scenario, p.Rate, p.Duration = calling("echo"), 100, time.Second
		r := mustRun(t, p)
		if r.Server != nil || r.Answered != 100 || r.Load.Dialect != loadtest.IPCXDial || r.Lines.Opened < 100 {
			t.Errorf("server %+v, %+v, %s, %+v; want none, 100 answered by %s", r.Server, r.Counts, r.Load.Dialect, r.Lines, loadtest.IPCXDial)
		}
		unknown := 0
		bot.unknown.Range(func(route, _ any) bool {
			unknown++
			if route != "cogbus.stats" {
				t.Errorf("the bot was asked for %v; want cogbus.stats at most", route)
			}
			return true
		})
		if unknown > 1 {
			t.Errorf("the bot was asked for %d unknown routes; want 1", unknown)
		}
	})
}

// TestRun_progress checks that Progress gets each sample at the end of its interval.
func TestRun_progress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		var mu sync.Mutex // protects the variables below
		var ends []float64
		var told loadtest.Counts
		p.Progress = func(s loadtest.Sample) {
			mu.Lock()
			defer mu.Unlock()
			ends = append(ends, s.At)
			told.Sent += s.Sent
		}
		p.Scenario, p.Rate, p.Warmup, p.Duration, p.Interval = calling("work"), 100, 300*time.Millisecond, 1300*time.Millisecond, 500*time.Millisecond
		r := mustRun(t, p)
		if len(ends) != len(r.Timeline) || told.Sent != 160 {
			t.Errorf("Progress ended at %g, of %d calls; want %d samples of 160", ends, told.Sent, len(r.Timeline))
		}
		for i, want := range []float64{0, 0.5, 1, 1.3} {
			if math.Abs(ends[i]-want) > 0.002 {
				t.Errorf("samples ended at %g; want 0, 0.5, 1 and 1.3", ends)
			}
		}
	})
}

// TestRun_progressEnd has calls that end shortly after the last interval. Progress
// gets them too, once.
func TestRun_progressEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(20*time.Millisecond))
		var told loadtest.Counts
		var timed int64
		var seconds float64
		p.Progress = func(s loadtest.Sample) { // the run ends after the last call
			told.Sent += s.Sent
			told.Answered += s.Answered
			timed += s.Timed
			seconds += s.Seconds
		}
		p.Scenario, p.Rate, p.Duration, p.Interval = calling("work"), 99, 2*time.Second, 500*time.Millisecond
		r := mustRun(t, p)
		if want := (loadtest.Counts{Sent: 198, Answered: 198}); told != want || timed != 198 || math.Abs(seconds-r.Measured) > 1e-6 {
			t.Errorf("Progress told of %+v, %d timed, in %g s; want %+v in %g s", told, timed, seconds, want, r.Measured)
		}
		if last := r.Timeline[len(r.Timeline)-1]; len(r.Timeline) != 4 || last.At != r.Measured || r.Measured == 2 {
			t.Errorf("measured %g s, %d samples, at last %+v; want the end added to the fourth", r.Measured, len(r.Timeline), last)
		}
	})
}

func faults(t *testing.T, text string) []loadtest.Fault {
	t.Helper()
	list, err := loadtest.ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
