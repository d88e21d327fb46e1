package actors_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestModel lets random operations happen to a server and compares their outcomes with
// a small model of docs/architecture.md. The model knows which outcomes each call may
// have, which code may run at the same time, and how long an operation may take. It
// uses only the public API. Each profile draws some of the operations, so that the
// faults of one do not hide the faults of another.
//
// A failure prints the operations and their outcomes. -rapid.checks makes more runs,
// -rapid.seed repeats one.
func TestModel(t *testing.T) {
	checks := checksOf(t)
	for _, p := range profiles() {
		t.Run(p.name, func(t *testing.T) {
			checks(p.checks)
			rapid.Check(t, func(rt *rapid.T) {
				rapid.SyncTest(rt, func(rt *rapid.T) {
					m := newMachine(t, rt, p)
					defer m.end() // after a failure too, since goroutines that are left fail the bubble
					rt.Repeat(m.operations())
					m.finish(rt)
				})
			})
		})
	}
}

// checksOf returns a function that sets the number of checks, unless the flag was
// given. The number is as before when the test has ended.
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
