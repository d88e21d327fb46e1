package cli

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/wire"
)

func TestExitCode(t *testing.T) {
	for code, want := range map[wire.Code]int{
		wire.BadRequest: 9, wire.Unauthorized: 5, wire.Forbidden: 5, wire.NoRoute: 6, wire.NotFound: 6, wire.Timeout: 7, wire.Canceled: 7,
		wire.Overloaded: 8, wire.Unavailable: 4, wire.Interrupted: 4, wire.TooLarge: 9, wire.Internal: 1, "conflict": 10, "failed": 1, "own": 1,
	} {
		if got := ExitCode(&Error{Err: wire.Errorf(code, "x")}); got != want {
			t.Errorf("ExitCode(%s) = %d; want %d", code, got, want)
		}
	}
	if got := ExitCode(Usagef("x")); got != ExitUsage {
		t.Errorf("ExitCode(Usagef()) = %d; want %d", got, ExitUsage)
	}
}

// TestExits_complete checks that the table has a row for each code of package wire.
// Otherwise a new code would get exit code 1 without notice.
func TestExits_complete(t *testing.T) {
	listed := map[wire.Code]bool{}
	for _, x := range Exits() {
		for _, code := range x.Codes {
			if listed[code] {
				t.Errorf("%s stands in two rows", code)
			}
			listed[code] = true
		}
	}
	f, err := parser.ParseFile(token.NewFileSet(), "../../../../wire/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" {
			return true
		}
		for _, v := range spec.Values {
			lit, ok := v.(*ast.BasicLit)
			if !ok {
				continue
			}
			code, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Error(err)
			}
			found++
			if !listed[wire.Code(code)] {
				t.Errorf("code %q is in no row of the exit codes", code)
			}
		}
		return true
	})
	if found < 12 {
		t.Errorf("wire/error.go has %d codes; want at least 12", found)
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
