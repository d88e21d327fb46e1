package loadtest

import (
	"strings"
	"testing"
)

// TestInvalidity checks that a limit of the generator is told from a limit of the plan.
func TestInvalidity(t *testing.T) {
	r := &Report{Invalid: []string{"5 calls were missed", bottleneck + "it is slow"}}
	if got := invalidity(r); got != "the limit is the generator's, and not the bot's: "+r.Invalid[1] {
		t.Errorf("invalidity() = %q; want the doubt about the generator", got)
	}
	r.Invalid = r.Invalid[:1]
	if got := invalidity(r); got != r.Invalid[0] {
		t.Errorf("invalidity() = %q; want %q", got, r.Invalid[0])
	}
	r = &Report{End: EndDone, Goals: []Verdict{{Goal: "p99<1ms", Got: 2, Unit: "ms"}}, Notes: []string{crowded + "it is small", "else"}}
	if got := missed(r); !strings.HasPrefix(got, "missed p99<1ms (it is 2 ms); "+crowded) || strings.Contains(got, "else") {
		t.Errorf("missed() = %q; want the goal, and that the machine was full", got)
	}
}
