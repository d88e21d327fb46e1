package compare_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/compare"
	"github.com/cogbus/cogbus/wire"
)

func TestRunsOfEqualBuildsAreTheSame(t *testing.T) {
	for runs, most := range map[int]int{1: 2, 3: 0} { // by runs a side: the pairs of 200 that may differ
		r := rand.New(rand.NewPCG(7, uint64(runs)))
		different := 0
		for range 200 {
			if len(verdicts(compared(t, busy.runs(r, runs), busy.runs(r, runs)))) > 0 {
				different++
			}
		}
		if different > most {
			t.Errorf("of 200 pairs of %d equal runs, %d differ; want at most %d", runs, different, most)
		}
	}
}

func TestRunsFindsASlowdown(t *testing.T) {
	slow := with(busy, func(m *recipe) { m.slower = 0.2 })
	for _, runs := range []int{1, 3} {
		r := rand.New(rand.NewPCG(8, uint64(runs)))
		worse, better := 0, 0
		for range 200 {
			before, after := busy.runs(r, runs), slow.runs(r, runs)
			c := compared(t, before, after)
			if v := verdicts(c); v["response p50"] == compare.Worse && c.Regressed() {
				worse++
			}
			c = compared(t, after, before)
			if v := verdicts(c); v["response p50"] == compare.Better && !c.Regressed() {
				better++
			}
		}
		if worse < 190 || better < 190 {
			t.Errorf("of 200 pairs of %d runs, the second 20 %% slower, p50 is worse in %d, and better the other way round in %d; want 190 or more", runs, worse, better)
		}
	}
}

func TestRunsTellsWhichFigures(t *testing.T) {
	for name, test := range map[string]struct {
		before, after recipe
		want          map[string]compare.Verdict
	}{
		"equal":         {busy, busy, map[string]compare.Verdict{}},
		"no variance":   {recipe{}, recipe{}, map[string]compare.Verdict{}},
		"all is slower": {recipe{}, recipe{slower: 0.5}, map[string]compare.Verdict{"rate": "worse", "response p50": "worse", "response p90": "worse", "response p99": "worse", "service p99": "worse"}},
		"the tail":      {busy, with(busy, func(m *recipe) { m.tail = 4 }), map[string]compare.Verdict{"response p99": "worse", "worst of a second": "worse", "service p99": "worse"}},
		"a little":      {recipe{}, recipe{slower: 0.09}, map[string]compare.Verdict{}},
		"errors":        {busy, with(busy, func(m *recipe) { m.errors = every(200) }), map[string]compare.Verdict{"errors": "worse"}},
		"fewer errors":  {with(busy, func(m *recipe) { m.errors = every(200) }), busy, map[string]compare.Verdict{"errors": "better"}},
		"few errors":    {busy, with(busy, func(m *recipe) { m.errors = every(10) }), map[string]compare.Verdict{}},
		"bursts": {
			with(busy, func(m *recipe) { m.errors = bursts(4, 2000) }), with(busy, func(m *recipe) { m.errors = bursts(3, 2000) }),
			map[string]compare.Verdict{},
		},
		"a burst": {busy, with(busy, func(m *recipe) { m.errors = bursts(15, 3000) }), map[string]compare.Verdict{"errors": "worse"}},
	} {
		r := rand.New(rand.NewPCG(9, 9))
		c := compared(t, test.before.runs(r, 1), test.after.runs(r, 1))
		if diff := cmp.Diff(test.want, verdicts(c)); diff != "" {
			t.Errorf("%s: verdicts (-want +got)\n%s", name, diff)
		}
	}
}

func every(n int64) func(int) int64 { return func(int) int64 { return n } }

func bursts(each int, n int64) func(int) int64 {
	return func(second int) int64 {
		if second%each == 0 {
			return n
		}
		return 0
	}
}

func TestRunsOfAFewSecondsHaveNoVerdict(t *testing.T) {
	long, short := recipe{}, recipe{seconds: 4, slower: 3, errors: every(5000)}
	r := rand.New(rand.NewPCG(1, 1))
	c := compared(t, long.runs(r, 1), short.runs(r, 1))
	if diff := cmp.Diff(map[string]compare.Verdict{}, verdicts(c)); diff != "" {
		t.Errorf("verdicts of 4 seconds: (-want +got)\n%s", diff)
	}
	for _, name := range []string{"rate", "response p50", "errors"} {
		if f := figure(t, c, name); f.P != 1 || f.Test != "" || !strings.Contains(f.Why, "too short: one side has 4 s") {
			t.Errorf("%s of 4 seconds = %+v; want P 1, no test, and that it is too short", name, f)
		}
	}
}

func TestRunsOfWholeRunsOnly(t *testing.T) {
	fast, slow := recipe{noise: 0.01}, recipe{noise: 0.01, slower: 1}
	r := rand.New(rand.NewPCG(1, 1))
	c := compared(t, fast.runs(r, 4), slow.runs(r, 5))
	for _, name := range []string{"response p99.9", "service p50"} {
		if f := figure(t, c, name); f.Verdict != compare.Same || f.Test != "" || f.Change < 80 {
			t.Errorf("%s of 4 and 5 runs = %+v; want its change, and no test", name, f)
		}
	}
	c = compared(t, fast.runs(r, 6), slow.runs(r, 6))
	for _, name := range []string{"response p99.9", "service p50"} {
		if f := figure(t, c, name); f.Verdict != compare.Worse {
			t.Errorf("%s of 6 and 6 runs = %+v; want worse", name, f)
		}
	}
}

func TestRunsThatDifferAmongThemselves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	at := func(slower ...float64) (all []*loadtest.Report) {
		for _, s := range slower {
			all = append(all, recipe{noise: 0.01, slower: s}.run(r))
		}
		return all
	}
	f := figure(t, compared(t, at(0, 0.2, 0.4), at(0.3, 0.5, 0.6)), "response p50")
	if f.Verdict != compare.Same || f.P > 0.05 || !strings.Contains(f.Why, "runs of one side differ") {
		t.Errorf("p50 of runs that differ by 40 %% among themselves, and by 25 %% from the others = %+v; want ~, and why", f)
	}
	if f := figure(t, compared(t, at(0, 0.05, 0.1), at(0.3, 0.35, 0.4)), "response p50"); f.Verdict != compare.Worse {
		t.Errorf("p50 of runs that differ by 10 %% among themselves, and by 29 %% from the others = %+v; want worse", f)
	}
}

func TestRunsOfSecondsThatOverlap(t *testing.T) {
	noisy := recipe{seconds: 60, noise: 0.1}
	slow := with(noisy, func(m *recipe) { m.slower = 0.2 })
	r := rand.New(rand.NewPCG(1, 1))
	f := figure(t, compared(t, noisy.runs(r, 1), slow.runs(r, 1)), "response p50")
	if f.Verdict != compare.Same || f.P > 0.001 || f.Why != "the seconds overlap" {
		t.Errorf("p50 of one run a side, of seconds that overlap = %+v; want ~, and that it is so", f)
	}
	if f := figure(t, compared(t, noisy.runs(r, 3), slow.runs(r, 3)), "response p50"); f.Verdict != compare.Worse {
		t.Errorf("p50 of three runs a side, of seconds that overlap = %+v; want worse", f)
	}
}

func TestRunsTakesTheMeasuredSeconds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	before, after := recipe{}.run(r), recipe{}.run(r)
	slow := loadtest.Sample{Seconds: 1, P50: 9, P90: 9, P99: 9, Max: 99, Service: 9}
	for at := range 20 { // a long warm-up, and a long wait for the last answer
		s := slow
		s.At = float64(-at)
		after.Timeline = slices.Insert(after.Timeline, 0, s)
		s.At = float64(15 + 1 + at)
		after.Timeline = append(after.Timeline, s)
	}
	part := slow
	part.At, part.Seconds = 14.5, 0.1
	after.Timeline = append(after.Timeline, part)
	if f := figure(t, compared(t, []*loadtest.Report{before}, []*loadtest.Report{after}), "response p50"); f.P != 1 || f.Why != "less than 10 %" {
		t.Errorf("p50 of equal seconds, but for those that are not measured = %+v; want P 1", f)
	}
}

func TestRunsPutsShortSamplesTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	split := func(rep *loadtest.Report) *loadtest.Report {
		var all []loadtest.Sample
		for _, s := range rep.Timeline {
			s.Seconds = 0.1
			s.Answered /= 10
			for i := range 10 {
				s := s
				s.At += float64(i-9) / 10
				all = append(all, s)
			}
		}
		rep.Timeline = all
		return rep
	}
	whole := compared(t, []*loadtest.Report{busy.run(r)}, []*loadtest.Report{busy.run(r)})
	r = rand.New(rand.NewPCG(1, 1))
	parts := compared(t, []*loadtest.Report{split(busy.run(r))}, []*loadtest.Report{split(busy.run(r))})
	if diff := cmp.Diff(whole, parts); diff != "" {
		t.Errorf("the same seconds in tenths: (-whole +tenths)\n%s", diff)
	}
}

func TestRunsComparesHandlers(t *testing.T) {
	server := func(p50 float64) *loadtest.Server {
		return &loadtest.Server{Cogs: []loadtest.Cog{{Name: "bench", Handler: loadtest.Latency{Count: 9, P50: p50}}}}
	}
	r := rand.New(rand.NewPCG(1, 1))
	before, after := busy.runs(r, 5), busy.runs(r, 5)
	for i := range before {
		before[i].Server = server(1 + float64(i)/100)
		after[i].Server = server(2 + float64(i)/100)
	}
	if f := figure(t, compared(t, before, after), "handler p50 bench"); f.Before != 1.02 || f.After != 2.02 || f.Test == "" || f.Why != "" {
		t.Errorf("handler p50 = %+v; want 1.02 and 2.02, tested, without a doubt", f)
	}
	after = busy.runs(r, 5)
	for _, f := range compared(t, before, after).Figures {
		if strings.HasPrefix(f.Name, "handler") {
			t.Errorf("%+v is there, though the second bot does not tell", f)
		}
	}
}

func TestNotes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	before, after := recipe{}.run(r), recipe{slower: 1}.run(r)
	after.Load.Dialect = loadtest.IPCX
	after.Load.Target = "ipcx://localhost:8765"
	after.Load.Open = true
	after.Load.Rate = 500
	after.Load.Connections = 5
	after.Load.Routes = []string{"echo", "count"}
	before.Load.Calls = []loadtest.Called{{Name: "echo", Weight: 1, Data: `{"a; b": 1}`}}
	after.Load.Calls = []loadtest.Called{{Name: "echo", Weight: 2, Data: "{}", Timeout: 5, Expect: []wire.Code{wire.NotFound, wire.Forbidden}}, {Name: "count", Weight: 1, Data: "{}"}}
	before.Load.Guilds, after.Load.Guilds = loadtest.Population{Count: 1000}, loadtest.Population{Count: 3, Given: true, Zipf: 1.1}
	after.Invalid = []string{"the generator was late"}
	after.End, after.EndedBy = loadtest.EndAborted, "p99 was over 5 ms"
	c := compared(t, []*loadtest.Report{before}, []*loadtest.Report{after})
	want := []string{
		"different dialects: before v1, after ipcx",
		"different kinds of target: before ws, after ipcx",
		"different kinds of load: before a closed loop, after an open loop",
		"different rates: before 0/s, after 500/s",
		"different connections: before 4, after 5",
		"different routes: before echo, after count, echo",
		`different calls: before echo*1={"a; b": 1}, after count*1={}, echo*2={} within 5 ms or [forbidden not_found]`,
		"different guilds: before 1000 made up, after 3 given, zipf 1.1",
		"the run after is invalid: the generator was late",
		"the run after ended early: p99 was over 5 ms",
		"other work on the machine looks like a change too; 3 runs a side, made in turns, tell it apart",
	}
	if diff := cmp.Diff(want, c.Notes); diff != "" {
		t.Errorf("Notes: (-want +got)\n%s", diff)
	}
	if !c.Regressed() {
		t.Errorf("Regressed() = false for an invalid run that is twice as slow; want true")
	}
	before.Started = time.Date(2026, 11, 20, 14, 3, 9, 0, time.UTC)
	again, other := *before, recipe{}.run(r)
	other.Load = before.Load
	want = []string{"the same report stands twice: it cannot differ from itself"}
	if diff := cmp.Diff(want, compared(t, []*loadtest.Report{before}, []*loadtest.Report{&again}).Notes); diff != "" {
		t.Errorf("Notes of a run and itself: (-want +got)\n%s", diff)
	}
	if c := compared(t, []*loadtest.Report{before}, []*loadtest.Report{other}); len(c.Notes) > 0 {
		t.Errorf("Notes of two equal runs = %q; want none", c.Notes)
	}
}

// TestConclusion checks the last line.
func TestConclusion(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	silent := &loadtest.Report{Version: loadtest.ReportVersion}
	for want, after := range map[string]*loadtest.Report{
		"no difference found": recipe{slower: 0.01}.run(r),
		"nothing could be tested: too short: one side has 4 s of load, and a test needs 5 s: make longer runs": recipe{seconds: 4, slower: 2}.run(r),
		"better: rate, response p50, response p90":                                                             recipe{slower: -0.25}.run(r),
		"worse: errors": recipe{errors: every(500)}.run(r),
		"nothing could be compared: no figure is there on both sides": silent,
	} {
		before := recipe{}.run(r)
		if after == silent {
			before = silent
		}
		var text strings.Builder
		if err := compared(t, []*loadtest.Report{before}, []*loadtest.Report{after}).WriteText(&text); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(text.String()), "\n")
		if got := lines[len(lines)-1]; got != want {
			t.Errorf("the last line = %q; want %q", got, want)
		}
	}
}

// TestErrors checks that unanswered calls count twice: as errors, and by themselves.
func TestErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	before, after := recipe{}.run(r), recipe{}.run(r)
	after.Failed, after.Unanswered = after.Sent/100, after.Sent/50
	c := compared(t, []*loadtest.Report{before}, []*loadtest.Report{after})
	if e, u := figure(t, c, "errors"), figure(t, c, "unanswered"); e.After != 3 || u.After != 2 {
		t.Errorf("errors = %v %%, unanswered = %v %%; want 3 and 2", e.After, u.After)
	}
}

func TestUnits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	before, after := recipe{}.run(r), recipe{}.run(r)
	before.Response.P50, after.Response.P50 = 0.002046, 1234.5
	var text strings.Builder
	if err := compared(t, []*loadtest.Report{before}, []*loadtest.Report{after}).WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0.00205 ms ", "1,234 ms ", "0 % "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("WriteText() = %q; want %q in it", text.String(), want)
		}
	}
}

func TestRunsRefuses(t *testing.T) {
	good := []*loadtest.Report{recipe{}.run(rand.New(rand.NewPCG(1, 1)))}
	old := []*loadtest.Report{{Version: loadtest.ReportVersion + 1}}
	for want, test := range map[string]struct {
		before, after []*loadtest.Report
		o             *compare.Options
	}{
		"no report of a run before":                    {nil, good, nil},
		"no report of a run after":                     {good, nil, nil},
		"report 1 of the reports after is nil":         {good, []*loadtest.Report{nil}, nil},
		"report 1 of the reports before has version 2": {old, good, nil},
		"MinChange -1":                                 {good, good, &compare.Options{MinChange: -1}},
		"Alpha 1":                                      {good, good, &compare.Options{Alpha: 1}},
		"MinShare NaN":                                 {good, good, &compare.Options{MinShare: math.NaN()}},
	} {
		if c, err := compare.Runs(test.before, test.after, test.o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Runs() = %v, %v; want an error with %q", c, err, want)
		}
	}
}

func TestOptions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	before, after := recipe{}.runs(r, 1), recipe{slower: 0.05}.runs(r, 1)
	c, err := compare.Runs(before, after, &compare.Options{MinChange: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := verdicts(c)["response p50"]; got != compare.Worse {
		t.Errorf("p50 that is 5 %% slower, with MinChange 2 = %q; want worse", got)
	}
}

// TestNoNaN compares nearly empty reports. The result has no NaN, which JSON cannot
// contain.
func TestNoNaN(t *testing.T) {
	empty := func() *loadtest.Report { return &loadtest.Report{Version: loadtest.ReportVersion} }
	divided := empty()
	divided.Rate.Answered = math.NaN()
	silent := empty()
	silent.Sent, silent.Unanswered = 30, 30
	for i := range 15 {
		silent.Timeline = append(silent.Timeline, loadtest.Sample{At: float64(i + 1), Seconds: 1, Counts: loadtest.Counts{Sent: 2}})
	}
	reports := map[string]*loadtest.Report{
		"empty": empty(), "divided": divided, "silent": silent, "good": busy.run(rand.New(rand.NewPCG(1, 1))),
	}
	for a, before := range reports {
		for b, after := range reports {
			c := compared(t, []*loadtest.Report{before}, []*loadtest.Report{after})
			if _, err := json.Marshal(c); err != nil {
				t.Errorf("Marshal(%s, %s) = %v; want no error", a, b, err)
			}
			for _, f := range c.Figures {
				for _, v := range []float64{f.Before, f.After, f.Change, f.P} {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("%s, %s: %+v; want finite numbers", a, b, f)
					}
				}
			}
			if got, want := c.Regressed(), a == "good" && b == "silent"; got != want {
				t.Errorf("%s, %s: Regressed() = %v; want %v: %v", a, b, got, want, c.Figures)
			}
		}
	}
}

func TestWriteText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	before := recipe{}.run(r)
	after := recipe{slower: 0.25, errors: every(160)}.run(r)
	after.Load.Connections = 8
	var got strings.Builder
	if err := compared(t, []*loadtest.Report{before}, []*loadtest.Report{after}).WriteText(&got); err != nil {
		t.Fatal(err)
	}
	want := `
figure              before     after      change        verdict
rate                20,000/s   15,840/s   -20.8 %       worse (p<0.001)
response p50        0.200 ms   0.250 ms   +25.0 %       worse (p<0.001)
response p90        0.300 ms   0.375 ms   +25.0 %       worse (p<0.001)
response p99        0.600 ms   0.750 ms   +25.0 %       ~ (p<0.001; less than 30 %)
response p99.9      1.20 ms    1.50 ms    +25.0 %       ~ (no test of less than 5 runs a side)
worst of a second   8.00 ms    10.0 ms    +25.0 %       ~ (p<0.001; less than 100 %)
service p50         0.180 ms   0.225 ms   +25.0 %       ~ (no test of less than 5 runs a side)
service p99         0.500 ms   0.625 ms   +25.0 %       ~ (p<0.001; less than 30 %)
errors              0 %        1.00 %     +1.0 points   worse (p<0.001)
unanswered          0 %        0 %        +0.0 points   ~ (none on either side)
note: different connections: before 4, after 8
note: other work on the machine looks like a change too; 3 runs a side, made in turns, tell it apart
worse: rate, response p50, response p90, errors
`
	if diff := cmp.Diff(strings.Split(want[1:], "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("WriteText: (-want +got)\n%s", diff)
	}
	failing := compared(t, []*loadtest.Report{before}, []*loadtest.Report{after})
	if err := failing.WriteText(full{}); err == nil {
		t.Errorf("WriteText(full) = nil; want its error")
	}
}

// full is a writer that behaves as a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left") }
