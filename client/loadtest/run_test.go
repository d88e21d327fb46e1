package loadtest_test

import (
	"context"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

func ready() cogs.Cog {
	return cogs.Single("ready", func(context.Context, wire.Empty) (wire.Empty, error) { return wire.Empty{}, nil })
}

// TestRun_stages has a rate that rises from zero, and falls to zero.
func TestRun_stages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, ready())
		p.Scenario = calling("ready")
		p.Stages = []loadtest.Stage{{Rate: 100, Over: 2 * time.Second}, {Rate: 100, Over: time.Second}, {Over: 2 * time.Second}}
		p.Warmup = time.Second
		r, err := loadtest.Run(t.Context(), p)
		if err != nil {
			t.Fatalf("Run() = %v", err)
		}
		if r.Sent < 299 || r.Sent > 301 || r.Answered != r.Sent || len(r.Invalid) > 0 {
			t.Errorf("counts = %+v, invalid %q; want 300 answered", r.Counts, r.Invalid)
		}
	})
}

// TestRun_warmup checks that neither the generator nor the bot counts the warm-up.
func TestRun_warmup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, ready())
		p.Scenario, p.Rate = calling("ready"), 100
		p.Warmup, p.Duration = 1500*time.Millisecond, 2*time.Second
		r, err := loadtest.Run(t.Context(), p)
		if err != nil {
			t.Fatalf("Run() = %v", err)
		}
		if r.Sent != 200 {
			t.Errorf("sent %d; want 200", r.Sent)
		}
		var ends []float64
		for _, s := range r.Timeline {
			ends = append(ends, s.At)
		}
		if want := []float64{-0.5, 0, 1, 2}; !cmp.Equal(ends, want) {
			t.Errorf("the samples end at %g; want %g", ends, want)
		}
		for _, c := range r.Server.Cogs {
			if c.Name == "ready" && (c.Calls < 199 || c.Calls > 201) {
				t.Errorf("the bot counts %d calls; want about the 200 that are measured", c.Calls)
			}
		}
	})
}

// mortal makes the bot of p disappear after some time: its connections are cut, and
// new connections refused.
func mortal(p *loadtest.Plan, after time.Duration) {
	var mu sync.Mutex // protects the variables below
	var conns []net.Conn
	dead := false
	dial := p.Client.DialContext
	p.Client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		mu.Lock()
		defer mu.Unlock()
		if dead {
			return nil, syscall.ECONNREFUSED
		}
		conns = append(conns, c)
		return c, err
	}
	time.AfterFunc(after, func() {
		mu.Lock()
		defer mu.Unlock()
		dead = true
		for _, c := range conns {
			_ = c.Close()
		}
	})
}

// TestRun_lost checks that the run ends soon after the bot has gone, even if calls may
// take long, and that it is measured until then.
func TestRun_lost(t *testing.T) {
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX, loadtest.IPCXDial} {
		for _, rate := range []float64{0, 100} {
			t.Run(string(dialect), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					p := start(t, ready())
					mortal(&p, 2500*time.Millisecond)
					p.Dialect, p.Scenario, p.Rate = dialect, calling("ready"), rate
					p.Scenario.Think = 0
					if rate == 0 {
						p.Scenario.Think = 10 * time.Millisecond
					}
					p.Duration, p.Timeout, p.GiveUp = time.Minute, 20*time.Second, 3*time.Second
					r, err := loadtest.Run(t.Context(), p)
					if r == nil || r.End != loadtest.EndLost || wire.CodeOf(err) != wire.Unavailable {
						t.Fatalf("Run() = %+v, %v; want a report that says %q", r, err, loadtest.EndLost)
					}
					if math.Abs(r.Measured-5.5) > 0.05 {
						t.Errorf("measured %g s; want it to end 3 s after the last answer", r.Measured)
					}
					if last := r.Timeline[len(r.Timeline)-1]; r.Measured > last.At+0.2 {
						t.Errorf("measured %g s; want those until the last sample at %g s", r.Measured, last.At)
					}
				})
			})
		}
	}
}

// TestRun_hangsFirst has a bot that stops answering, and disappears later. GiveUp
// begins when its connections are lost.
func TestRun_hangsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Hour))
		mortal(&p, 5500*time.Millisecond)
		p.Scenario, p.Rate, p.Duration, p.Timeout, p.GiveUp = calling("work"), 10, time.Minute, time.Minute, 2*time.Second
		p.Interval = 10 * time.Second
		r, err := loadtest.Run(t.Context(), p)
		if r == nil || r.End != loadtest.EndLost || r.Measured < 7.2 || r.Measured > 7.6 {
			t.Fatalf("Run() = %+v, %v; want %s after 7.5 s", r, err, loadtest.EndLost)
		}
	})
}

// TestRun_slowStats has a bot that takes long to report its statistics. No call is
// late because of that.
func TestRun_slowStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, ready())
		dial, dialled := p.Client.DialContext, 0
		p.Connections = 1
		p.Client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dialled++; dialled == 2 { // the first connection is for calls
				time.Sleep(time.Second)
			}
			return dial(ctx, network, addr)
		}
		p.Scenario, p.Rate, p.Duration = calling("ready"), 100, time.Second
		r, err := loadtest.Run(t.Context(), p)
		if err != nil || dialled < 2 || r.Generator.Lag.Max > 10 {
			t.Fatalf("Run() = %v, %d connections, lag %+v; want none", err, dialled, r.Generator.Lag)
		}
	})
}

func TestRun_unreached(t *testing.T) {
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX, loadtest.IPCXDial} {
		synctest.Test(t, func(t *testing.T) {
			p := start(t, ready())
			p.Client.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
			p.Dialect, p.Scenario = dialect, calling("ready")
			r, err := loadtest.Run(t.Context(), p)
			if want := "connection refused: is the bot running?"; r != nil || wire.CodeOf(err) != wire.Unavailable || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("Run() by %s = %v, %v; want %s, %q", dialect, r, err, wire.Unavailable, want)
			}
		})
	}
}

func TestRun_badPlan(t *testing.T) {
	faults := func(text string) []loadtest.Fault {
		list, err := loadtest.ParseFaults(text)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for want, change := range map[string]func(p *loadtest.Plan){
		"slow-reader=1@20s comes after the run, which lasts 10s": func(p *loadtest.Plan) { p.Faults = faults("slow-reader=1@20s") },
		"slow-reader=1@3s comes after the run, which lasts 2s": func(p *loadtest.Plan) {
			p.Stages, p.Faults = []loadtest.Stage{{Rate: 5, Over: 2 * time.Second}}, faults("slow-reader=1@3s")
		},
		"MaxInFlight is for a rate": func(p *loadtest.Plan) { p.MaxInFlight = 5 },
	} {
		p := loadtest.Plan{Target: "ws://localhost", Scenario: calling("ready")}
		change(&p)
		if _, err := loadtest.Run(t.Context(), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run() = %v; want %q", err, want)
		}
	}
}

// TestFindMax has a bot that runs ten calls of 400 ms at a time, so 25 calls a second.
func TestFindMax(t *testing.T) {
	for name, most := range map[string]int{"missed": 0, "invalid": 50} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				slots := make(chan struct{}, 10)
				p := start(t, limited(4000, "work", func(context.Context, wire.Empty) (wire.Empty, error) {
					slots <- struct{}{}
					defer func() { <-slots }()
					time.Sleep(400 * time.Millisecond)
					return wire.Empty{}, nil
				}))
				p.Scenario, p.Duration, p.MaxInFlight = calling("work"), 10*time.Second, most
				p.Interval = p.Duration // because samples cost more than calls here
				goals, err := loadtest.ParseGoals("p99<1s")
				if err != nil {
					t.Fatal(err)
				}
				f, err := loadtest.FindMax(t.Context(), p, loadtest.Search{Goals: goals, Start: 10})
				if err != nil {
					t.Fatalf("FindMax() = %v", err)
				}
				if f.Rate < 23.75 || f.Rate > 27.5 || f.Report == nil || f.Report.Load.Rate != f.Rate {
					t.Errorf("FindMax() = %g, limit %q, of %+v; want about 25", f.Rate, f.Limit, f.Tries)
				}
				for _, try := range f.Tries {
					if try.Held && len(try.Invalid) > 0 {
						t.Errorf("%+v: it is invalid and held", try)
					}
				}
				if !strings.Contains(f.Limit, "p99<1s (it is ") || !strings.Contains(f.Limit, " ms)") {
					t.Errorf("limit = %q; want the goal and the figure, in ms", f.Limit)
				}
			})
		})
	}
}

func TestVerdict_unit(t *testing.T) {
	goals, err := loadtest.ParseGoals("p99<5ms,err<1%,rps>5,missed<1")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"ms", "%", "/s", ""} {
		r := &loadtest.Report{}
		for range 2 { // without answers, then with some
			if got := goals[i].Judge(r).Unit; got != want {
				t.Errorf("Judge() by %s has unit %q; want %q", goals[i], got, want)
			}
			r.Response.Count = 1
		}
	}
}

func TestReadReport_others(t *testing.T) {
	for text, want := range map[string]string{
		`{"version": 1, "figures": []}`: "it is no report of a load test",
		`{"version": 1, "rate": 5}`:     "it is no report of a load test: json",
		`{`:                             "it is no report of a load test: unexpected end",
		`{"version": 99, "load": {"target": "ws://bot"}}`: "it has version 99, and this program reads version 1",
	} {
		path := filepath.Join(t.TempDir(), "report.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadtest.ReadReport(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadReport(%s) = %v; want %q", text, err, want)
		}
	}
}

// A deafConn receives nothing between two times.
type deafConn struct {
	net.Conn
	from, to time.Time
}

func (c *deafConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if now := time.Now(); now.After(c.from) && now.Before(c.to) {
		time.Sleep(time.Until(c.to))
	}
	return n, err
}

// TestRun_statsBegin has a bot that does not report its statistics when the
// measurement begins, but shortly after. The report does not include the warm-up.
func TestRun_statsBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, ready())
		dial, dialled := p.Client.DialContext, 0
		p.Connections = 1
		p.Client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dial(ctx, network, addr)
			if dialled++; dialled == 2 && err == nil { // the first connection is for calls
				c = &deafConn{c, time.Now().Add(1900 * time.Millisecond), time.Now().Add(2350 * time.Millisecond)}
			}
			return c, err
		}
		p.Scenario, p.Rate, p.Warmup, p.Duration, p.Interval = calling("ready"), 100, 2*time.Second, 2*time.Second, 10*time.Second
		r := mustRun(t, p)
		if c := r.Server.Cogs; len(c) != 1 || c[0].Calls < 150 || c[0].Calls > 201 {
			t.Errorf("cogs = %+v; want up to the 200 calls that were measured", c)
		}
	})
}

// TestRun_load checks that the report has all parts of the plan that can make two runs
// differ.
func TestRun_load(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, ready())
		p.Scenario = calling("ready", `ready={"n":{{seq}}}`)
		p.Scenario.Routes[1].Weight, p.Scenario.Routes[1].Expect, p.Scenario.Routes[1].Timeout = 3, []wire.Code{wire.NotFound}, time.Second
		p.Scenario.Guilds.IDs = []uint64{5, 6}
		p.Scenario.Users.Zipf = 1.5
		p.Rate, p.Count, p.Grace, p.GiveUp, p.MaxInFlight, p.Seed = 100, 10, time.Minute, 7*time.Second, 50, 3
		want := loadtest.Load{
			Target: "ws://localhost", Dialect: loadtest.V1, Open: true, Rate: 100, Connections: 16, Count: 10, Seed: 3,
			Timeout: 10_000, Grace: 60_000, GiveUp: 7000, Interval: 1000, MaxInFlight: 50, Routes: []string{"ready", "ready"},
			Calls: []loadtest.Called{
				{Name: "ready", Weight: 1, Data: "{}", Timeout: 10_000},
				{Name: "ready", Weight: 3, Data: `{"n":{{seq}}}`, Expect: []wire.Code{wire.NotFound}, Timeout: 1000},
			},
			Guilds: loadtest.Population{Count: 2, Given: true}, Users: loadtest.Population{Count: 1000, Zipf: 1.5},
		}
		if diff := cmp.Diff(want, mustRun(t, p).Load); diff != "" {
			t.Errorf("load (-want +got)\n%s", diff)
		}
	})
}
