package main

import (
	"strings"
	"testing"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

// TestLoadOutcome has runs that went to their end, and prove less than they seem to.
func TestLoadOutcome(t *testing.T) {
	good := loadtest.Counts{Sent: 8, Answered: 8}
	none := loadtest.Counts{Sent: 8, Failed: 8}
	met := []loadtest.Verdict{{Goal: "p99<5ms", Got: 1, Unit: "ms", Met: true}}
	missed := []loadtest.Verdict{{Goal: "rps>=9", Got: 1, Unit: "/s"}}
	for name, tt := range map[string]struct {
		r    loadtest.Report
		code int
		want string
	}{
		"nothing to say":    {loadtest.Report{Counts: good, Goals: met, Faults: []loadtest.Fault{{Text: "kill=a@1s"}}}, exitOK, ""},
		"no call was due":   {loadtest.Report{}, exitOK, ""},
		"missed":            {loadtest.Report{Counts: good, Goals: missed}, exitAssertion, "missed rps>=9 (it is 1/s)"},
		"invalid":           {loadtest.Report{Counts: good, Invalid: []string{"too slow"}}, exitOK, ""},
		"invalid and goals": {loadtest.Report{Counts: good, Goals: met, Invalid: []string{"too slow", "too few", "too slow"}}, exitAssertion, "the run is invalid, so its goals prove nothing: too slow; too few"},
		"a fault did not happen": {
			loadtest.Report{Counts: good, Goals: missed, Faults: []loadtest.Fault{{Text: "reload=a@1s"}, {Text: "kill=a@2s", Err: "forbidden: no"}}},
			exitFailed, "this fault did not happen: kill=a@2s (forbidden: no)",
		},
		"nor did two": {
			loadtest.Report{Counts: good, Faults: []loadtest.Fault{{Text: "reload=a@1s", Err: "not_found: a"}, {Text: "kill=a@2s", Err: "the run ended before"}}},
			exitFailed, "these faults did not happen: reload=a@1s (not_found: a) and kill=a@2s (the run ended before)",
		},
		"nothing was answered": {
			loadtest.Report{Counts: none, Errors: []loadtest.Failure{{Code: wire.Timeout, Route: "echo", Count: 5, First: "timeout: no answer"}, {Code: wire.Overloaded, Count: 3}}},
			exitTimeout, "timeout: none of 8 calls was answered; of echo: no answer",
		},
		"nor with a code of ours": {
			loadtest.Report{Counts: none, Errors: []loadtest.Failure{{Code: "own", Route: "echo", Count: 8, First: "own: no"}}},
			exitFailed, "own: none of 8 calls was answered; of echo: no",
		},
		"nor with any": {loadtest.Report{Counts: none}, exitFailed, "none of 8 calls was answered"},
	} {
		tt.r.End = loadtest.EndDone
		err := (&loader{}).outcome(t.Context(), &tt.r, nil)
		code, text := exitOK, ""
		if err != nil {
			code, text = exitCode(err), err.Error()
		}
		if code != tt.code || text != tt.want {
			t.Errorf("%s: outcome() = %d, %q; want %d, %q", name, code, text, tt.code, tt.want)
		}
	}
}

func TestMiddle(t *testing.T) {
	for text, want := range map[string]string{"": "", "0123456789": "0123456789", "0123456789é": "01234…789é", "é" + strings.Repeat("x", 90) + "why": "éxxxx…xwhy"} {
		if got := middle(text, 10); got != want {
			t.Errorf("middle(%q, 10) = %q; want %q", text, got, want)
		}
	}
}
