package loadtest_test

import (
	"math"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/wire"
)

func TestParseFaults(t *testing.T) {
	const text = "reload=members@10s,kill=a=b@20s,unload=c@5s, load=c@1m0s,slow-reader=3,churn=0.5/s@10s+5s,partition=2@500ms+2s,churn=50/s+1s"
	s := time.Second
	want := []loadtest.Fault{
		{Kind: loadtest.FaultReload, Cog: "members", At: 10 * s},
		{Kind: loadtest.FaultKill, Cog: "a=b", At: 20 * s},
		{Kind: loadtest.FaultUnload, Cog: "c", At: 5 * s},
		{Kind: loadtest.FaultLoad, Cog: "c", At: 60 * s},
		{Kind: loadtest.FaultSlowReader, N: 3},
		{Kind: loadtest.FaultChurn, N: 0.5, At: 10 * s, For: 5 * s},
		{Kind: loadtest.FaultPartition, N: 2, At: s / 2, For: 2 * s},
		{Kind: loadtest.FaultChurn, N: 50, For: s},
	}
	got, err := loadtest.ParseFaults(text)
	if diff := gocmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("ParseFaults(%s) = %v (-want +got)\n%s", text, err, diff)
	}
	var texts []string
	for _, d := range got {
		texts = append(texts, d.String())
	}
	if got, want := strings.Join(texts, ","), strings.ReplaceAll(text, ", ", ","); got != want {
		t.Errorf("as texts: %s; want %s", got, want)
	}
}

func TestParseFaults_wrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                       `fault "": want KIND=WHAT@WHEN`,
		"reload":                 `fault "reload": want KIND=WHAT@WHEN`,
		"churn=1/s,":             `fault "": want KIND`,
		"reload=members":         "want a cog and a time, such as reload=members@10s",
		"kill=@10s":              "want a cog and a time, such as kill=members@10s",
		"load=c@soon":            `want a time such as 10s or 500ms, not "soon"`,
		"unload=c@-1s":           `want a time such as 10s or 500ms, not "-1s"`,
		"explode=1":              `the kind "explode" is unknown: want reload, kill, unload, load, slow-reader, churn or partition`,
		"churn=50":               "want connections a second, such as churn=50/s",
		"churn=NaN/s":            `want a number of connections, not "NaN"`,
		"churn=0/s":              `want a number of connections, not "0"`,
		"churn=9e9/s":            `want a number of connections, not "9e9"`,
		"slow-reader=1.5":        `want a number of connections, not "1.5"`,
		"slow-reader=-1":         `want a number of connections, not "-1"`,
		"partition=2@1s+forever": `want a time such as 10s or 500ms, not "forever"`,
		"partition=2@x+1s":       `want a time such as 10s or 500ms, not "x"`,
	} {
		list, err := loadtest.ParseFaults(text)
		if err == nil || !strings.Contains(err.Error(), want) || list != nil {
			t.Errorf("ParseFaults(%q) = %v, %v; want %q", text, list, err, want)
		}
	}
}

func TestParseGoals_wrong(t *testing.T) {
	for text, want := range map[string]string{
		"":           `goal "": want a bound`,
		"p99":        `goal "p99": want a bound, such as p99<5ms`,
		"p99=5ms":    "want a bound",
		"p98<5ms":    `the figure "p98" is unknown: want one of answered, err, max, mean, missed, p50, p90, p95, p99, p99.9, p99.99, rps`,
		"p99<5":      `want a time such as 5ms, not "5"`,
		"p99<=-1ms":  `want a time such as 5ms, not "-1ms"`,
		"err<x%":     `want a number, not "x"`,
		"err<-1":     `want a number, not "-1"`,
		"rps>NaN":    `want a number, not "NaN"`,
		"rps>Inf":    `want a number, not "Inf"`,
		"rps>5,":     `goal "": want a bound`,
		"rps>=>5":    `want a number, not ">5"`,
		"missed<5ms": `want a number, not "5ms"`,
	} {
		list, err := loadtest.ParseGoals(text)
		if err == nil || !strings.Contains(err.Error(), want) || list != nil {
			t.Errorf("ParseGoals(%q) = %v, %v; want %q", text, list, err, want)
		}
	}
}

// TestGoal_Judge has a report in which every figure is different.
func TestGoal_Judge(t *testing.T) {
	r := &loadtest.Report{
		Counts:   loadtest.Counts{Sent: 1000, Answered: 970, Failed: 10, Unanswered: 20, Missed: 3},
		Rate:     loadtest.Rates{Wanted: 200, Sent: 199, Answered: 190},
		Response: loadtest.Latency{Count: 990, Mean: 5, P50: 1, P90: 2, P95: 3, P99: 4, P999: 10, P9999: 20, Max: 30},
		Service:  loadtest.Latency{Count: 990, Mean: 0.5, P50: 0.1, P99: 0.4},
	}
	for text, want := range map[string]float64{
		"p50<1ms":              1,
		"p50<=1ms":             1,
		"p90<2001us":           2,
		"p95>2.9ms":            3,
		"p99<5ms":              4,
		"p99.9<=10ms":          10,
		"p99.99>=20ms":         20,
		"max<1s":               30,
		"mean < 6ms":           5,
		"service.p50<1ms":      0.1,
		"service.p99<0.3ms":    0.4,
		"service.mean<0.5ms":   0.5,
		"err<3%":               3,
		"err<=3 %":             3,
		"unanswered<2.1":       2,
		"rps>=190":             190,
		"rps>190":              190,
		"answered>=970":        970,
		"missed<3":             3,
		"missed<=3":            3,
		"answered<971":         970,
		"p50<1ms && rps>=1000": 1,
	} {
		goals, err := loadtest.ParseGoals(text)
		if err != nil {
			t.Errorf("ParseGoals(%s) = %v", text, err)
			continue
		}
		v := goals[0].Judge(r)
		if v.Got != want || v.Goal != goals[0].String() {
			t.Errorf("Judge() by %s = %+v; want %g", text, v, want)
		}
		missed := map[string]bool{"p50<1ms": true, "service.p99<0.3ms": true, "service.mean<0.5ms": true, "err<3%": true, "rps>190": true, "missed<3": true}
		if v.Met == missed[v.Goal] {
			t.Errorf("Judge() by %s = %+v; want met %t", text, v, !missed[v.Goal])
		}
		if text == "p50<1ms && rps>=1000" && (len(goals) != 2 || goals[1].Judge(r).Met) {
			t.Errorf("ParseGoals(%s) = %v; want two, the second missed", text, goals)
		}
	}
	for _, text := range []string{"p99<1h", "service.p99<1h", "err<100%", "rps>0", "answered>0"} { // no call was made
		goals, err := loadtest.ParseGoals(text)
		if err != nil {
			t.Fatal(err)
		}
		if v := goals[0].Judge(&loadtest.Report{}); v.Met {
			t.Errorf("Judge() by %s of a run without calls = %+v; want it missed", text, v)
		}
	}
}

// TestRun_wrongPlan checks that the error names the mistake, and that the run does not
// connect.
func TestRun_wrongPlan(t *testing.T) {
	goals := func(text string) []loadtest.Goal {
		list, err := loadtest.ParseGoals(text)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	type plan = loadtest.Plan
	for want, change := range map[string]func(p *plan){
		"loadtest: Callers must not be below zero":                                 func(p *plan) { p.Callers = -1 },
		"loadtest: Depth must not be below zero":                                   func(p *plan) { p.Depth = -1 },
		"loadtest: Connections must not be below zero":                             func(p *plan) { p.Connections = -1 },
		"loadtest: Rate must not be below zero":                                    func(p *plan) { p.Rate = math.NaN() },
		"loadtest: Duration must not be below zero":                                func(p *plan) { p.Duration = -1 },
		"loadtest: Count must not be below zero":                                   func(p *plan) { p.Count = -1 },
		"loadtest: Warmup must not be below zero":                                  func(p *plan) { p.Warmup = -1 },
		"loadtest: Grace must not be below zero":                                   func(p *plan) { p.Grace = -1 },
		"loadtest: Timeout must not be below zero":                                 func(p *plan) { p.Timeout = -1 },
		"loadtest: Churn must not be below zero":                                   func(p *plan) { p.Churn = -1 },
		"loadtest: MaxInFlight must not be below zero":                             func(p *plan) { p.MaxInFlight = -1 },
		"loadtest: GiveUp must not be below zero":                                  func(p *plan) { p.GiveUp = -1 },
		"loadtest: Interval must not be below zero":                                func(p *plan) { p.Interval = -1 },
		"Rate and Churn must not be above 1e+09":                                   func(p *plan) { p.Churn = math.Inf(1) },
		"stage 2: want a rate from 0 to 1e+09":                                     func(p *plan) { p.Stages = []loadtest.Stage{{Rate: 1, Over: 1}, {Rate: -1}} },
		"stage 1: want a rate from 0 to 1e+09":                                     func(p *plan) { p.Stages = []loadtest.Stage{{Rate: 1, Over: -1}} },
		"there is no Target":                                                       func(p *plan) { p.Target = "" },
		`target "telnet://bot": the scheme is unknown`:                             func(p *plan) { p.Target = "telnet://bot" },
		`the dialect "v2" is unknown: want v1, ipcx or ipcx-dial`:                  func(p *plan) { p.Dialect = "v2" },
		"ipcx://localhost is a bot that does not speak cogbus.v1":                  func(p *plan) { p.Target, p.Dialect = "ipcx://localhost", loadtest.V1 },
		"the dialect ipcx needs a target such as ipcx://":                          func(p *plan) { p.Target, p.Dialect = "wss://bot", loadtest.IPCX },
		"the dialect ipcx needs a target with a port":                              func(p *plan) { p.Target, p.Dialect = "discover://localhost", loadtest.IPCX },
		"this protocol sends the secret in clear":                                  func(p *plan) { p.Target, p.Dialect = "ws://bot.example.com", loadtest.IPCXDial },
		"it has no Callers":                                                        func(p *plan) { p.Rate, p.Callers = 1, 1 },
		"Depth is for a closed loop":                                               func(p *plan) { p.Rate, p.Depth = 1, 1 },
		"think time is for a closed loop":                                          func(p *plan) { p.Rate, p.Scenario.Think = 1, 1 },
		"MaxInFlight is for a rate":                                                func(p *plan) { p.MaxInFlight = 1 },
		"the stages take no time":                                                  func(p *plan) { p.Stages = []loadtest.Stage{{Rate: 1}} },
		"the stages never make a call":                                             func(p *plan) { p.Stages = []loadtest.Stage{{Over: 1}} },
		"AbortOn: p95<1s is a figure of whole":                                     func(p *plan) { p.AbortOn = goals("p90<1s,p95<1s") },
		"a goal is empty: get goals from":                                          func(p *plan) { p.Goals = make([]loadtest.Goal, 1) },
		"the fault reload=c@0s needs the admin":                                    func(p *plan) { p.Faults, p.AdminSecret = faults(t, "reload=c@0s"), "" },
		"the fault explode=3 is of no kind":                                        func(p *plan) { p.Faults = []loadtest.Fault{{Kind: "explode", N: 3}} },
		"the fault kill=@0s needs a cog":                                           func(p *plan) { p.Faults = []loadtest.Fault{{Kind: loadtest.FaultKill}} },
		"the fault churn=0/s needs a number":                                       func(p *plan) { p.Faults = []loadtest.Fault{{Kind: loadtest.FaultChurn}} },
		"the fault partition=2 needs a length":                                     func(p *plan) { p.Faults = faults(t, "partition=2") },
		"partition=20@1s+1s concerns more connections than there are, which is 16": func(p *plan) { p.Rate, p.Faults = 1, faults(t, "partition=16@1s+1s,partition=20@1s+1s") },
		"partition=2@1s+1s concerns more connections than there are, which is 1":   func(p *plan) { p.Faults = faults(t, "partition=2@1s+1s") },
		"slow-reader=1: neither its time nor":                                      func(p *plan) { p.Faults = []loadtest.Fault{{Kind: "slow-reader", N: 1, At: -1}} },
		"churn=1/s@1m0s comes after the run, w":                                    func(p *plan) { p.Faults = faults(t, "churn=1/s@60s") },
		"route: want at least one":                                                 func(p *plan) { p.Scenario = scenario.Scenario{} },
		"connect to ws://localhost:8765: no such":                                  func(*plan) {},
	} {
		p := loadtest.Plan{Target: "ws://localhost", AdminSecret: "admin", Scenario: calling("work"), Client: &client.Options{Secret: secret, DialContext: refuse}}
		change(&p)
		if r, err := loadtest.Run(t.Context(), p); r != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run() = %v, %v; want %q", r, err, want)
		} else if isWire := wire.CodeOf(err) == wire.Unavailable; isWire != strings.HasPrefix(want, "connect") {
			t.Errorf("Run() = %v, of the bot: %t; want only those of the bot to be", err, isWire)
		}
	}
}
