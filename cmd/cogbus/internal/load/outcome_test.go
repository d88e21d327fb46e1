package load

import (
	"strings"
	"testing"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
)

// TestLoadOutcome checks the errors of runs that were completed, but do not prove that
// the bot is fast enough.
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
		"nothing to say":    {loadtest.Report{Counts: good, Goals: met, Faults: []loadtest.FaultRecord{{Text: "kill=a@1s"}}}, cli.ExitOK, ""},
		"no call was due":   {loadtest.Report{}, cli.ExitOK, ""},
		"missed":            {loadtest.Report{Counts: good, Goals: missed}, cli.ExitAssertion, "missed rps>=9 (it is 1/s)"},
		"invalid":           {loadtest.Report{Counts: good, Invalid: []string{"too slow"}}, cli.ExitOK, ""},
		"invalid and goals": {loadtest.Report{Counts: good, Goals: met, Invalid: []string{"too slow", "too few", "too slow"}}, cli.ExitAssertion, "the run is invalid, so its goals prove nothing: too slow; too few"},
		"a fault did not happen": {
			loadtest.Report{Counts: good, Goals: missed, Faults: []loadtest.FaultRecord{{Text: "reload=a@1s"}, {Text: "kill=a@2s", Err: "forbidden: no"}}},
			cli.ExitFailed, "this fault did not happen: kill=a@2s (forbidden: no)",
		},
		"nor did two": {
			loadtest.Report{Counts: good, Faults: []loadtest.FaultRecord{{Text: "reload=a@1s", Err: "not_found: a"}, {Text: "kill=a@2s", Err: "the run ended before"}}},
			cli.ExitFailed, "these faults did not happen: reload=a@1s (not_found: a) and kill=a@2s (the run ended before)",
		},
		"nothing was answered": {
			loadtest.Report{Counts: none, Errors: []loadtest.Failure{{Code: wire.Timeout, Route: "echo", Count: 5, First: "timeout: no answer"}, {Code: wire.Overloaded, Count: 3}}},
			cli.ExitTimeout, "timeout: none of 8 calls was answered; of echo: no answer",
		},
		"nor with a code of ours": {
			loadtest.Report{Counts: none, Errors: []loadtest.Failure{{Code: "own", Route: "echo", Count: 8, First: "own: no"}}},
			cli.ExitFailed, "own: none of 8 calls was answered; of echo: no",
		},
		"nor with any": {loadtest.Report{Counts: none}, cli.ExitFailed, "none of 8 calls was answered"},
	} {
		tt.r.End = loadtest.EndDone
		err := (&loader{}).outcome(t.Context(), &tt.r, nil)
		code, text := cli.ExitOK, ""
		if err != nil {
			code, text = cli.ExitCode(err), err.Error()
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
