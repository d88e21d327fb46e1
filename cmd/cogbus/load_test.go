package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
)

func TestLoadInterrupted(t *testing.T) {
	for _, flags := range []string{"-c 2", "--rate 20", "-c 2 --json"} {
		b, stop := startBot(t)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-b.slow
			cancel()
		}()
		var stdout, stderr bytes.Buffer
		args := append(strings.Fields("load --route slow --grace 0"), strings.Fields(flags)...)
		got := run(ctx, args, nil, &stdout, &stderr, b.env)
		if want := "interrupted: the report is that of the calls up to now"; got != exitInterrupted || !strings.Contains(stderr.String(), want) {
			t.Errorf("run(%q) = %d, %q; want %d, %q", args, got, stderr.String(), exitInterrupted, want)
		}
		if !strings.Contains(stdout.String(), "interrupted") {
			t.Errorf("run(%q) prints %q; want a report that says so", args, stdout.String())
		}
		cancel()
		stop()
	}
}

// TestLoadInterrupted_waits says for how long a bot that hangs may be waited for.
func TestLoadInterrupted_waits(t *testing.T) {
	for flags, want := range map[string]string{
		"--grace 20ms":        "waiting up to 20ms for answers; Ctrl-C again ends now, without a report\ncogbus: interrupted: ",
		"--grace 20ms --json": `{"warning":"waiting up to 20ms for answers; Ctrl-C again ends now, without a report"}` + "\n{",
	} {
		b, stop := startBot(t)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-b.slow
			cancel()
		}()
		var stderr bytes.Buffer
		args := append(strings.Fields("load --route slow"), strings.Fields(flags)...)
		if got := run(ctx, args, nil, io.Discard, &stderr, b.env); got != exitInterrupted || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("run(%q) = %d, %q; want %d, %q", args, got, stderr.String(), exitInterrupted, want)
		}
		cancel()
		stop()
	}
}

// TestLoadInterrupted_search ends a search between its first calls.
func TestLoadInterrupted_search(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-b.slow
		cancel()
	}()
	var stderr bytes.Buffer
	got := run(ctx, []string{"load", "--route", "slow", "--find-max", "err<1%", "--grace", "0"}, nil, io.Discard, &stderr, b.env)
	if want := "cogbus: the search was interrupted\n"; got != exitInterrupted || stderr.String() != want {
		t.Errorf("run(load --find-max) = %d, %q; want %d, %q", got, stderr.String(), exitInterrupted, want)
	}
}

// TestLoadFindMax does not know which rates this machine takes now, but what is told
// must agree.
func TestLoadFindMax(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), strings.Fields("load --route echo --find-max err<1% --max-rate 200 -d 100ms --json"), nil, &stdout, &stderr, b.env)
	var f loadtest.Found
	if err := json.Unmarshal(stdout.Bytes(), &f); err != nil {
		t.Fatalf("run(load --find-max) prints %q: %v", stdout.String(), err)
	}
	want := exitOK
	if f.Rate == 0 {
		want = exitAssertion
	}
	if code != want || f.Version != loadtest.ReportVersion || len(f.Tries) == 0 || f.Limit == "" {
		t.Errorf("run(load --find-max) = %d, %q, %+v; want %d and all of it", code, stderr.String(), f, want)
	}
	if f.Rate > 0 && (f.Report == nil || f.Report.Load.Rate != f.Rate || !strings.HasPrefix(f.Report.Machine.Command, "cogbus ")) {
		t.Errorf("run(load --find-max) has report %+v; want that of %g calls/s", f.Report, f.Rate)
	}
}

// TestLoadFindMax_none has a line for each try.
func TestLoadFindMax_none(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	var stdout, stderr bytes.Buffer
	got := run(t.Context(), strings.Fields("load --route echo --find-max rps>1000000 -d 50ms --rate 4"), nil, &stdout, &stderr, b.env)
	if want := "cogbus: no rate holds: "; got != exitAssertion || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("run(load --find-max) = %d, %q; want %d, %q", got, stderr.String(), exitAssertion, want)
	}
	if want := "         4 calls/s  no     rps>1000000: "; !strings.HasPrefix(stdout.String(), want) || !strings.Contains(stdout.String(), "\n         2 calls/s  no ") {
		t.Errorf("run(load --find-max) prints %q; want %q and the next tries", stdout.String(), want)
	}
}

// TestLoadProm reads the figures while the test runs.
func TestLoadProm(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said := &listener{news: make(chan struct{}, 1)}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, strings.Fields("load --route slow --grace 0 --prom 127.0.0.1:0"), nil, io.Discard, said, b.env)
	}()
	<-b.slow
	said.mu.Lock()
	url := strings.TrimSpace(strings.TrimPrefix(said.text.String(), "figures for Prometheus are at "))
	said.mu.Unlock()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatalf("get the figures at %q: %v", url, err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if want := `cogbus_load_calls_total{outcome="sent"} `; resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
		t.Errorf("%s has %d, %q; want %q", url, resp.StatusCode, body, want)
	}
	cancel()
	if got := <-ended; got != exitInterrupted {
		t.Errorf("run(load --prom) = %d; want %d", got, exitInterrupted)
	}
	if resp, err := http.Get(url); err == nil {
		resp.Body.Close()
		t.Errorf("%s answers after the run", url)
	}
}

func TestMetrics(t *testing.T) {
	m := &metrics{}
	m.set(loadtest.Sample{Counts: loadtest.Counts{Sent: 9, Answered: 5, Failed: 3, Unanswered: 1}})
	m.set(loadtest.Sample{Counts: loadtest.Counts{Sent: 1, Answered: 1}, P50: 1, P90: 2.5, P99: 3, Max: 4000, InFlight: 6, Connections: 7, Lag: 0.5})
	w := httptest.NewRecorder()
	m.ServeHTTP(w, nil)
	var got []string
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{
		`cogbus_load_calls_total{outcome="sent"} 10`,
		`cogbus_load_calls_total{outcome="answered"} 6`,
		`cogbus_load_calls_total{outcome="failed"} 3`,
		`cogbus_load_calls_total{outcome="unanswered"} 1`,
		`cogbus_load_response_seconds{quantile="0.5"} 0.001`,
		`cogbus_load_response_seconds{quantile="0.9"} 0.0025`,
		`cogbus_load_response_seconds{quantile="0.99"} 0.003`,
		`cogbus_load_response_seconds{quantile="1"} 4`,
		`cogbus_load_in_flight 6`,
		`cogbus_load_connections 7`,
		`cogbus_load_lag_seconds 0.0005`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ServeHTTP() differs (-want +got):\n%s", diff)
	}
	if got, want := w.Header().Get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8"; got != want {
		t.Errorf("Content-Type = %q; want %q", got, want)
	}
}

func TestLive(t *testing.T) {
	var got strings.Builder
	o := &outputs{live: true, s: &session{errs: &got}}
	o.progress(loadtest.Sample{At: -1, Seconds: 1})
	for i := range 20 {
		o.progress(loadtest.Sample{At: float64(i), Seconds: 0.5, Counts: loadtest.Counts{Answered: 5000, Failed: 1, Unanswered: 2}, Timed: 5003, InFlight: 1234, P50: 0.0042, P99: 12.34, Max: 1000, Lag: 0.25})
	}
	const head = " second  answered/s     p50 ms     p99 ms     max ms   errors  in flight    lag ms"
	lines := strings.Split(got.String(), "\n")
	want := []string{
		head,
		"   -1.0           0          -          -          -        0          0         0  warm-up",
		"    0.0      10,000     0.0042       12.3      1,000        3      1,234      0.25  warm-up",
		"    1.0      10,000     0.0042       12.3      1,000        3      1,234      0.25",
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if diff := cmp.Diff(want, lines[:len(want)]); diff != "" {
		t.Errorf("progress() differs (-want +got):\n%s", diff)
	}
	if lines[21] != head {
		t.Errorf("line 21 = %q; want the heads again", lines[21])
	}
}

// TestLoadGroups has every flag in one group of the help.
func TestLoadGroups(t *testing.T) {
	fs := newFlagSet()
	(&loader{}).register(fs)
	missing := map[string]bool{}
	fs.VisitAll(func(f *flag.Flag) { missing[f.Name] = true })
	for _, g := range loadGroups() {
		for name := range strings.FieldsSeq(strings.ReplaceAll(g.names, "/", " ")) {
			if !missing[name] {
				t.Errorf("the group %q has --%s, which is in no set or in another group, too", g.title, name)
			}
			delete(missing, name)
		}
	}
	for name := range missing {
		t.Errorf("--%s is in no group", name)
	}
}

// TestLoadHelp reads the scenario that the help shows.
func TestLoadHelp(t *testing.T) {
	_, rest, _ := strings.Cut(newLoad().details, "can say more:\n")
	text, _, ok := strings.Cut(rest, "\nIn JSON")
	if !ok {
		t.Fatal("the help shows no scenario")
	}
	s, err := scenario.Parse("help.toml", []byte(text))
	if err != nil {
		t.Fatalf("Parse() = %v; want nil", err)
	}
	if len(s.Guilds.IDs) == 0 || len(s.Routes) != 1 || len(s.Routes[0].Expect) == 0 || s.Think == 0 {
		t.Errorf("Parse() = %+v; want ids, a route that expects errors, and think", s)
	}
}

func TestScenarioInFlags(t *testing.T) {
	for text, want := range map[string]string{
		"scenario: guilds.zipf: want less":                                             "--zipf: want less",
		"scenario: guilds.count: want less":                                            "--guilds: want less",
		"scenario: users.count: want less":                                             "--users: want less",
		"scenario: route[0].data of a: b: c\nscenario: route[1].data of d of e: f":     "data of --route a: b: c; data of --route d of e: f",
		"scenario: route[0].expect[0] of a: no\nscenario: route[1].expect[0] of b: no": "--expect: no",
		"scenario: guilds.ids[2]: want an id above 0":                                  "--guild-ids: want an id above 0",
		"scenario: users.ids[0]: 5 stands twice":                                       "--user-ids: 5 stands twice",
		"scenario: route: want at least one":                                           "route: want at least one",
	} {
		if got := scenarioInFlags(errors.New(text)); got != want {
			t.Errorf("scenarioInFlags(%q) = %q; want %q", text, got, want)
		}
	}
}
