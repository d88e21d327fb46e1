package actors_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestModel lets random operations happen to a server and compares what comes of
// them with a small model of docs/architecture.md: which outcomes each call may
// have, what may run beside what, and how long an operation may take. The model
// knows the public API alone. Each profile draws some of the operations, so that
// what one of them finds is not hidden by what another one finds first.
//
// A failure prints the operations and what came of them. -rapid.checks makes more
// runs, -rapid.seed repeats one.
func TestModel(t *testing.T) {
	checks := checksOf(t)
	for _, p := range profiles() {
		t.Run(p.name, func(t *testing.T) {
			checks(p.checks)
			rapid.Check(t, func(rt *rapid.T) {
				rapid.SyncTest(rt, func(rt *rapid.T) {
					m := newMachine(t, rt, p)
					defer m.end() // after a failure too: what is left in a bubble fails it
					rt.Repeat(m.operations())
					m.finish(rt)
				})
			})
		})
	}
}

// checksOf returns what sets the number of checks, unless somebody has said another
// one. It is as before when the test has ended.
func checksOf(t *testing.T) (set func(n int)) {
	said := os.Getenv("RAPID_CHECKS") != ""
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "rapid.checks" })
	if said {
		return func(int) {}
	}
	set = func(n int) {
		if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
	}
	before, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set(before) })
	return set
}
