package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestExitCode(t *testing.T) {
	for code, want := range map[wire.Code]int{
		wire.BadRequest: 9, wire.Unauthorized: 5, wire.Forbidden: 5, wire.NoRoute: 6, wire.NotFound: 6, wire.Timeout: 7, wire.Canceled: 7,
		wire.Overloaded: 8, wire.Unavailable: 4, wire.Interrupted: 4, wire.TooLarge: 9, wire.Internal: 1, wire.Conflict: 10, wire.Failed: 1, "own": 1,
	} {
		if got := ExitCode(&Error{Err: wire.Errorf(code, "x")}); got != want {
			t.Errorf("ExitCode(%s) = %d; want %d", code, got, want)
		}
	}
	if got := ExitCode(Usagef("x")); got != ExitUsage {
		t.Errorf("ExitCode(Usagef()) = %d; want %d", got, ExitUsage)
	}
}

// TestExits_complete checks that the table has one row for each code of the catalogue.
// Otherwise a new code would get exit code 1 without notice.
func TestExits_complete(t *testing.T) {
	rows := map[wire.Code]int{}
	for _, x := range Exits() {
		for _, code := range x.Codes {
			rows[code]++
		}
	}
	for _, c := range protocol.Codes() {
		if rows[c.Code] != 1 {
			t.Errorf("code %q is in %d rows of the exit codes; want 1", c.Code, rows[c.Code])
		}
	}
}

// TestExits_documented compares the table with docs/command.md.
func TestExits_documented(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/command.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("|--:|---|---|\n")
	for _, x := range Exits() {
		var codes []string
		for _, code := range x.Codes {
			codes = append(codes, "`"+string(code)+"`")
		}
		fmt.Fprintf(&want, "| %d | %s | %s |\n", x.Code, x.Meaning, strings.Join(codes, ", "))
	}
	if !strings.Contains(string(text), want.String()+"\n") {
		t.Errorf("docs/command.md lacks the table of exit codes:\n%s", &want)
	}
}
