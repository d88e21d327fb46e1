package load

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func TestFigure(t *testing.T) {
	for n, want := range map[float64]string{
		0:          "0",
		3:          "3",
		-1.25:      "-1.25",
		0.0042:     "0.0042",
		0.00423456: "0.00423",
		0.000511:   "0.000511",
		0.1:        "0.1",
		0.9999:     "1",
		9.999:      "10",
		12.34:      "12.3",
		99.96:      "100",
		412.7:      "413",
		999.4:      "999",
		999.7:      "1,000",
		-1234.5:    "-1,234",
		1e6:        "1,000,000",
		123456789:  "123,456,789",
	} {
		if got := figure(n); got != want {
			t.Errorf("figure(%v) = %q; want %q", n, got, want)
		}
	}
}

func TestWithUnit(t *testing.T) {
	for unit, want := range map[string]string{"ms": "0.5 ms", "%": "0.5 %", "/s": "0.5/s", "": "0.5"} {
		if got := withUnit(0.5, unit); got != want {
			t.Errorf("withUnit(0.5, %q) = %q; want %q", unit, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	for s, want := range map[float64]string{0: "0.0", -0.01: "0.0", -0.5: "-0.5", 2.96: "3.0", 86400: "86,400"} {
		if got := moment(s); got != want {
			t.Errorf("moment(%g) = %q; want %q", s, got, want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for want, args := range map[string][]string{
		"cogbus":                                 nil,
		"cogbus load":                            {"/usr/bin/cogbus", "load"},
		"cogbus load --rate=5,2 a.b/c_d:1@%":     {"x", "load", "--rate=5,2", "a.b/c_d:1@%"},
		`cogbus --route 'a*2={"b":"{{guild}}"}'`: {"x", "--route", `a*2={"b":"{{guild}}"}`},
		`cogbus ''`:                              {"x", ""},
		`cogbus 'it'\''s'`:                       {"x", "it's"},
		"cogbus 'a\nb' 'é' 'p99<5ms' '~'":        {"x", "a\nb", "é", "p99<5ms", "~"},
	} {
		if got := commandLine(args); got != want {
			t.Errorf("commandLine(%q) = %s; want %s", args, got, want)
		}
	}
}

func TestAnd(t *testing.T) {
	for want, list := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := and(list); got != want {
			t.Errorf("and(%q) = %q; want %q", list, got, want)
		}
	}
}

// TestPrintReport prints a report with all parts that there can be.
func TestPrintReport(t *testing.T) {
	latency := loadtest.Latency{Count: 12_000, P50: 0.0042, P90: 0.51, P95: 1, P99: 12.34, P999: 412.7, P9999: 1000, Max: 1234.5, Mean: 2.5}
	r := &loadtest.Report{
		Machine:  loadtest.Machine{Cores: 2},
		Load:     loadtest.Load{Target: "ws://bot", Dialect: loadtest.V1, Open: true, Rate: 0.5, Connections: 16, Stages: []loadtest.Stage{{Rate: 2000, Over: time.Minute}}},
		Measured: 60.01,
		End:      loadtest.EndInterrupted,
		Invalid:  []string{"the generator\x1b was slow", "the generator\x1b was slow"},
		Notes:    []string{"p99<5ms was judged by too few calls"},
		Counts:   loadtest.Counts{Sent: 1500, Answered: 1400, Failed: 99, Unanswered: 1, Missed: 7},
		Rate:     loadtest.Rates{Wanted: 30, Sent: 25, Answered: 23.33},
		Response: latency,
		Service:  latency,
		Routes: []loadtest.Route{
			{Name: "members.count", Counts: loadtest.Counts{Sent: 1499, Failed: 99, Unanswered: 1}, Response: latency},
			{Name: "é", Counts: loadtest.Counts{Sent: 1}},
		},
		Errors: []loadtest.Failure{
			{Code: wire.NotFound, Route: "members.count", Count: 1319, Expected: true, First: "not_found: no guild 5", FirstAt: 0.0123},
			{Code: wire.Timeout, Route: "members.count", Count: 1, Unanswered: true, First: "timeout: no answer\nin time", FirstAt: 12.34},
			{Code: "own", Route: "é", Count: 99, First: strings.Repeat("x", 150) + strings.Repeat("y", 150)},
		},
		Timeline: []loadtest.Sample{
			{At: 0, Seconds: 1, Counts: loadtest.Counts{Answered: 500}},
			{At: 1, Seconds: 1, Counts: loadtest.Counts{Answered: 1400, Failed: 99}, Timed: 1499, P50: 0.0042, P99: 12.34, Max: 1234.5},
			{At: 2.5, Seconds: 1.5},
		},
		Faults: []loadtest.FaultRecord{
			{Text: "reload=members@1s", At: 1.0001, Took: 3.07, Note: "generation 1 to 2"},
			{Text: "kill=members@2s", At: 2, Err: "forbidden: no"},
		},
		Lines:     loadtest.Lines{Asked: 16, Opened: 20, Failed: 3, Cut: 2, Churned: 1, Connect: latency},
		Generator: loadtest.Generator{Cores: 0.0712, MachineBusy: 0.5, MaxRSS: 18_600_000, Lag: latency},
		Server: &loadtest.Server{
			Heap:     5_150_000,
			GCPauses: latency,
			Cogs: []loadtest.Cog{
				{Name: "idle"},
				{
					Name: "members", Calls: 1500, Refused: map[wire.Code]uint64{wire.Overloaded: 2, wire.Forbidden: 1}, MaxFlight: 3, Queue: latency,
					Switches: []loadtest.Switch{{SwitchResult: admin.SwitchResult{Paused: 0.5}}, {SwitchResult: admin.SwitchResult{Paused: 0.25}}},
				},
			},
		},
		Goals: []loadtest.Verdict{{Goal: "p99<5ms", Got: 12.34, Unit: "ms"}, {Goal: "err<10%", Got: 6.6667, Unit: "%", Met: true}},
	}
	const want = `
INVALID RUN: the generator\x1b was slow
ws://bot, v1: from 0.5 calls/s, to 2,000 in 1m0s, 16 connections, 60.0 s, interrupted

ms           p50   p90  p95   p99  p99.9  p99.99    max  mean
response  0.0042  0.51    1  12.3    413  ~1,000  1,234   2.5
service   0.0042  0.51    1  12.3    413  ~1,000  1,234   2.5

calls
sent        1,500  25/s of 30/s wanted
answered    1,400  23.3/s
failed         99  6.6 %
unanswered      1  0.0667 %
not sent        7  were due

goal p99<5ms: MISSED, it is 12.3 ms
goal err<10%: met, it is 6.67 %
note: p99<5ms was judged by too few calls

error      route          counts as   calls  first at  first
not_found  members.count  answered    1,319     0.0 s  no guild 5
timeout    members.count  unanswered      1    12.3 s  no answer; in time
own        é              failed         99     0.0 s  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy

until  answered/s  p50 ms  p99 ms  max ms  errors
1.0 s       1,400  0.0042    12.3   1,234      99
2.5 s           0       -       -       -       0

route           sent  errors  p50 ms  p99 ms  max ms
members.count  1,499     100  0.0042    12.3   1,234
é                  1       0       -       -       -

fault                 at     took
reload=members@1s  1.0 s  3.07 ms  generation 1 to 2
kill=members@2s    2.0 s     0 ms  DID NOT HAPPEN: forbidden: no

cog (ms; 1 call of 8 timed)  calls  refused                    in flight  waiting  held  queue p50   p99  handler p50  p99  switches  paused
members                      1,500  1 forbidden, 2 overloaded          3        0     0     0.0042  12.3            -    -         2     0.5

bot: heap of 4.91 MiB, 12000 pauses for garbage of 0.0042 ms at p50 and 1,234 ms at most
generator: 0.07 of 2 cores (of all processors 50 % were busy), 17.7 MiB, calls sent late by 12.3 ms at p99 and 1,234 ms at most
connections: 16, 4 more opened later, 3 attempts failed, 1 replaced, 2 cut by faults; opening one took 0.0042 ms at p50 and 1,234 ms at most
~ fewer than 10 calls lie above: another run will say something else
`
	var got strings.Builder
	printReport(cli.NewOutput(&got), r)
	if diff := cmp.Diff(want, "\n"+got.String()); diff != "" {
		t.Errorf("printReport() differs (-want +got):\n%s", diff)
	}
}

// TestPrintReport_little prints a report without most figures: their lines and columns
// must be missing.
func TestPrintReport_little(t *testing.T) {
	r := &loadtest.Report{
		Machine:   loadtest.Machine{Cores: 2},
		Load:      loadtest.Load{Target: "ipcx://bot", Dialect: loadtest.IPCX, Callers: 1, Depth: 1, Connections: 1},
		End:       loadtest.EndDone,
		Lines:     loadtest.Lines{Asked: 1, Opened: 1},
		Generator: loadtest.Generator{Cores: -1, MachineBusy: -1, MaxRSS: -1},
		Goals:     []loadtest.Verdict{{Goal: "p99<5ms", Unit: "ms"}},
	}
	const want = `
ipcx://bot, ipcx: 1 caller, 1 connection, 0.0 s

ms        p50  p90  p95  p99  p99.9  p99.99  max  mean
response    -    -    -    -      -       -    -     -

calls
sent        0  0/s
answered    0  0/s
failed      0  0 %
unanswered  0  0 %

goal p99<5ms: MISSED, no call was timed

generator: 2 cores
connections: 1
`
	var got strings.Builder
	printReport(cli.NewOutput(&got), r)
	if diff := cmp.Diff(want, "\n"+got.String()); diff != "" {
		t.Errorf("printReport() differs (-want +got):\n%s", diff)
	}
}

// TestPrintTimeline_long checks that a long run has twelve lines, each with the worst of
// its seconds.
func TestPrintTimeline_long(t *testing.T) {
	r := &loadtest.Report{}
	for i := range 25 {
		r.Timeline = append(r.Timeline, loadtest.Sample{At: float64(i + 1), Seconds: 1, Counts: loadtest.Counts{Answered: 30}, Timed: 30, P50: float64(i), P99: float64(100 - i)})
	}
	var got strings.Builder
	printTimeline(cli.NewOutput(&got), r)
	lines := strings.Split(strings.TrimSpace(got.String()), "\n")
	want := []string{
		"until   answered/s  worst p50 ms  worst p99 ms  max ms  errors",
		"3.0 s           30             2           100       0       0",
	}
	if len(lines) != 10 || !cmp.Equal(lines[:2], want) {
		t.Errorf("printTimeline() = %d lines, %q; want 10, %q", len(lines), lines[:2], want)
	}
}

func TestPercentile(t *testing.T) {
	for _, tt := range []struct {
		n            int64
		quantile, ms float64
		want, server string
	}{
		{0, .5, 0, "-", "-"},
		{18, .5, 0.02, "~0.02", "~0.02"},
		{20, .5, 0.02, "0.02", "0.02"},
		{900, .99, 3, "~3", "~3"},
		{1000, .99, 3, "3", "3"},
		{50, .9999, 7.5, "~7.5", "~7.5"},
		{100_000, .9999, 0.000511, "0.000511", "<0.001"},
		{3, .5, 0.000511, "~0.000511", "<0.001"},
	} {
		if got := percentile(tt.n, tt.quantile, tt.ms); got != tt.want {
			t.Errorf("percentile(%d, %v, %v) = %q; want %q", tt.n, tt.quantile, tt.ms, got, tt.want)
		}
		if got := bucketed(tt.n, tt.quantile, tt.ms); got != tt.server {
			t.Errorf("bucketed(%d, %v, %v) = %q; want %q", tt.n, tt.quantile, tt.ms, got, tt.server)
		}
	}
}
