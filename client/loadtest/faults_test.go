package loadtest_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// TestRun_churn replaces connections, and loses no call, not even those under way.
func TestRun_churn(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		var done atomic.Int64
		p := start(t, limited(10_000, "work", func(context.Context, wire.Empty) (wire.Empty, error) {
			time.Sleep(30 * time.Millisecond)
			done.Add(1)
			return wire.Empty{}, nil
		}))
		p.Dialect, p.Scenario, p.Rate, p.Duration = dialect, calling("work"), 100, 2*time.Second
		p.Connections, p.Churn = 6, 40
		r := mustRun(t, p)
		if r.Answered != 200 || done.Load() != 200 {
			t.Errorf("counts = %+v, the bot has done %d; want 200 answered", r.Counts, done.Load())
		}
		if r.Lines.Churned < 70 || r.Lines.Churned > 80 || r.Load.Churn != 40 {
			t.Errorf("connections = %+v; want about 80 replaced", r.Lines)
		}
		if last := r.Timeline[len(r.Timeline)-1]; dialect != loadtest.IPCXDial && last.Connections > 12 {
			t.Errorf("%d connections at the end; want those before closed", last.Connections)
		}
	})
}

// TestRun_cut checks that the calls on connections that are cut are lost, and that the
// report counts them.
func TestRun_cut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(30*time.Millisecond))
		p.Scenario, p.Rate, p.Duration, p.Connections = calling("work"), 100, 3*time.Second, 4
		p.Faults = faults(t, "churn=20/s@1s+900ms")
		r := mustRun(t, p)
		if f := r.Faults[0]; r.Lines.Cut < 10 || r.Lines.Cut > 20 || f.Note != fmt.Sprintf("%d connections cut", r.Lines.Cut) || f.At != 1 || math.Abs(f.Took-900) > 1 {
			t.Errorf("fault = %+v, connections %+v; want up to 18 cut in 900 ms", f, r.Lines)
		}
		if r.Unanswered == 0 || r.Unanswered+r.Answered != 300 {
			t.Errorf("counts = %+v; want some of 300 unanswered", r.Counts)
		}
		for _, s := range r.Timeline {
			if (s.Unanswered > 0) != (s.At == 2) {
				t.Errorf("%d unanswered in the second until %g; want them in the one until 2", s.Unanswered, s.At)
			}
		}
	})
}

// TestRun_slowReader has clients that do not read. The bot closes their connections,
// and serves the other clients.
func TestRun_slowReader(t *testing.T) {
	eachDialect(t, func(t *testing.T, dialect loadtest.Dialect) {
		p := start(t, working(time.Millisecond))
		p.Dialect, p.Scenario, p.Rate, p.Duration = dialect, calling("work"), 20, 15*time.Second
		p.Faults = faults(t, "slow-reader=2,slow-reader=1@1s+2s")
		r := mustRun(t, p)
		if r.Answered != 300 || r.Response.Max > 10 {
			t.Errorf("counts = %+v, at most %g ms; want 300 answered at once", r.Counts, r.Response.Max)
		}
		want := []string{"the bot cut 2 of 2 off, the first after 10.", "the bot kept all 1"}
		if dialect == loadtest.IPCXDial {
			want = []string{"2 clients did not read", "1 client did not read"}
		}
		for i, f := range r.Faults {
			if f.Err != "" || !strings.HasPrefix(f.Note, want[i]) {
				t.Errorf("fault = %+v; want %q", f, want[i])
			}
		}
		if f := r.Faults[1]; f.At != 1 || f.Took < 2000 || f.Took > 3500 {
			t.Errorf("fault = %+v; want 2 s from 1 s", f)
		}
		if dialect != loadtest.IPCXDial && r.Lines.Opened != 16 {
			t.Errorf("connections = %+v; want those of the fault left out", r.Lines)
		}
	})
}

// TestRun_slowReaderSeq checks that no two calls have the same number, not even calls
// of slow readers, and that slow readers do not change the numbers of the run's calls.
func TestRun_slowReaderSeq(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // protects the variables below
		seen := map[uint64]int{}
		p := start(t, limited(10_000, "work", func(_ context.Context, in struct{ Seq uint64 }) (wire.Empty, error) {
			mu.Lock()
			defer mu.Unlock()
			seen[in.Seq]++
			return wire.Empty{}, nil
		}))
		p.Scenario, p.Rate, p.Duration = calling(`work={"Seq":{{seq}}}`), 20, 2*time.Second
		p.Faults = faults(t, "slow-reader=2@500ms+1s")
		mustRun(t, p)
		mu.Lock()
		defer mu.Unlock()
		for seq, n := range seen {
			if n > 1 {
				t.Fatalf("%d calls have the number %d; want one", n, seq)
			}
		}
		if len(seen) < 42 || seen[1] == 0 || seen[40] == 0 {
			t.Errorf("%d numbers; want the run's 1 to 40, and others", len(seen))
		}
	})
}

// TestRun_partition stops half of the connections for a second. A connection in two
// partitions passes bytes again when the later one ends.
func TestRun_partition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		p.Scenario, p.Rate, p.Duration, p.Connections = calling("work"), 100, 4*time.Second, 4
		p.Faults = faults(t, "partition=2@1s+1s,partition=1@1500ms+1s")
		r := mustRun(t, p)
		if r.Answered != 400 || r.Response.Max < 1400 || r.Response.Max > 1510 {
			t.Errorf("counts = %+v, at most %g ms; want all answered, after 1.5 s at most", r.Counts, r.Response.Max)
		}
		if p50 := r.Response.P50; p50 > 5 {
			t.Errorf("p50 = %g ms; want the other connections undisturbed", p50)
		}
		if got := r.Faults[0].Note; got != "2 connections stood still" {
			t.Errorf("note = %q; want 2 connections", got)
		}
	})
}

// TestRun_server compares the bot's statistics in the report with the load and the
// faults.
func TestRun_server(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept int
		cog := limited(5, "work", func(context.Context, wire.Empty) (wire.Empty, error) {
			time.Sleep(20 * time.Millisecond)
			return wire.Empty{}, nil
		})
		setup := cog.Setup
		cog.Name = "worker"
		cog.Setup = func(ctx context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "kept", &kept) // so that the cog holds its calls while it is reloaded
			return setup(ctx, r)
		}
		p := start(t, cog)
		p.Scenario, p.Callers, p.Warmup, p.Duration = calling("work"), 10, time.Second, 5*time.Second
		p.Faults = faults(t, "reload=worker@1s,reload=worker@2s,reload=nobody@3s,kill=worker@4s,reload=worker@4990ms")
		r := mustRun(t, p)
		if r.Server == nil || len(r.Server.Cogs) != 1 {
			t.Fatalf("server = %+v; want one cog", r.Server)
		}
		c := r.Server.Cogs[0]
		if d := int64(c.Calls) - r.Sent; c.Name != "worker" || d < -20 || d > 20 { // calls under way when the measurement begins and when it ends
			t.Errorf("the bot counts %d calls of %s; want the %d that were sent", c.Calls, c.Name, r.Sent)
		}
		overloaded := int64(0)
		for _, e := range r.Errors {
			if e.Code == wire.Overloaded {
				overloaded = e.Count
			}
		}
		if got := int64(c.Refused[wire.Overloaded]); overloaded < 100 || math.Abs(float64(got-overloaded)) > 20 {
			t.Errorf("the bot has refused %v; want the %d of %+v", c.Refused, overloaded, r.Errors)
		}
		if c.MaxFlight < 5 || c.MaxFlight > 10 || c.Handler.Count == 0 || c.Handler.P50 < 19 || c.Handler.P50 > 25 {
			t.Errorf("cog = %+v; want 5 in flight, and some that are held, which take 20 ms", c)
		}
		if len(c.Switches) < 3 || math.Abs(c.Switches[0].At-1) > 0.1 || math.Abs(c.Switches[1].At-2) > 0.1 || c.Switches[1].From != 2 {
			t.Errorf("switches = %+v; want those at 1 s and 2 s and the restart", c.Switches)
		}
		if f := r.Faults[0]; f.Err != "" || !strings.HasPrefix(f.Note, "generation 1 to 2, paused ") || f.At != 1 {
			t.Errorf("fault = %+v; want generation 1 to 2", f)
		}
		if f := r.Faults[2]; f.Note != "" || !strings.Contains(f.Err, "cog is not loaded") {
			t.Errorf("fault = %+v; want that there is no such cog", f)
		}
		if f := r.Faults[3]; f.Err != "" || f.Note != "" {
			t.Errorf("fault = %+v; want it killed", f)
		}
	})
}

// TestRun_loadedAgain has a cog that starts its counts at zero again during the run,
// and a cog that is unloaded at its end. The report includes the counts from before.
func TestRun_loadedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := cogs.Single("gone", func(context.Context, wire.Empty) (wire.Empty, error) { return wire.Empty{}, nil })
		p := start(t, working(100*time.Millisecond), gone)
		p.Scenario, p.Rate, p.Warmup, p.Duration, p.MaxInFlight = calling("work", "gone"), 200, time.Second, 5*time.Second, 1000
		p.Faults = faults(t, "reload=work@1500ms,unload=work@2050ms,load=work@2500ms,reload=work@3500ms,unload=gone@3050ms")
		r := mustRun(t, p)
		for _, s := range r.Timeline {
			for _, c := range s.Cogs {
				if c.Refused > 1000 {
					t.Errorf("%d refused until %g s; want the refused calls", c.Refused, s.At)
				}
			}
		}
		if len(r.Server.Cogs) != 2 {
			t.Fatalf("cogs = %+v; want both", r.Server.Cogs)
		}
		for i, want := range []float64{100 * 4.5, 100 * 3} {
			c := r.Server.Cogs[i]
			if math.Abs(float64(c.Calls)/want-1) > 0.15 {
				t.Errorf("the bot counts %d calls of %s; want about %g", c.Calls, c.Name, want)
			}
			if n := float64(c.Handler.Count); n < want/8*0.7 || n > want {
				t.Errorf("the bot has timed %g calls of %s; want an eighth of %g", n, c.Name, want)
			}
		}
		if list := r.Server.Cogs[0].Switches; len(list) != 2 || math.Abs(list[0].At-1.5) > 0.2 || math.Abs(list[1].At-3.5) > 0.2 {
			t.Errorf("switches = %+v; want those at 1.5 s and 3.5 s", list)
		}
	})
}

// TestRun_faultHangs interrupts a run whose fault does not end.
func TestRun_faultHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setups := 0
		p := start(t, cogs.Cog{Name: "work", Setup: func(ctx context.Context, r *cogs.Registrar) error {
			if setups++; setups > 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			cogs.Handle(r, "work", func(context.Context, wire.Empty) (wire.Empty, error) {
				time.Sleep(time.Millisecond)
				return wire.Empty{}, nil
			})
			return nil
		}})
		p.Scenario, p.Rate, p.Duration, p.Grace = calling("work"), 10, 2*time.Second, time.Second
		p.Faults = faults(t, "reload=work@1s")
		r := mustRun(t, p)
		if r.Answered != 20 || math.Abs(r.Measured-2) > 0.1 {
			t.Errorf("counts = %+v in %g s; want 20 answered in 2 s", r.Counts, r.Measured)
		}
		if f := r.Faults[0]; !strings.Contains(f.Err, "canceled") || f.Took > 2100 {
			t.Errorf("fault = %+v; want it given up 1 s after the end", f)
		}
	})
}
