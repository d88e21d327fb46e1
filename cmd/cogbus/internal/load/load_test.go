package load

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

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
	o := &outputs{live: true, env: &cli.Env{Errs: &got}}
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

// TestLoadHelp checks that the scenario in the help is valid.
func TestLoadHelp(t *testing.T) {
	_, rest, _ := strings.Cut(help, "can set more:\n")
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
