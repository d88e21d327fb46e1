package protocol_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestCodes_page reads the table of error codes in docs/protocol.md, which must be the
// catalogue.
func TestCodes_page(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Error codes")
	table, _, _ = strings.Cut(table, "\n## ")
	var got, want []string
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	for _, c := range protocol.Codes() {
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", c.Code, c.Cause, c.Ran, c.Advice))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the page's table of codes (- catalogue, + page):\n%s", diff)
	}
}

// TestCodes_constants reads the constants of package wire: each has an entry.
func TestCodes_constants(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := map[wire.Code]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || fmt.Sprint(spec.Type) != "Code" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		want[wire.Code(text)] = true
		return true
	})
	got := map[wire.Code]bool{}
	for _, c := range protocol.Codes() {
		got[c.Code] = true
	}
	if len(want) < 14 {
		t.Fatalf("package wire has %d codes; want at least 14", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the codes (- package wire, + catalogue):\n%s", diff)
	}
}

// TestParseValue_codes sends each code as the Python package does and reads it back.
// Codes that share a number become the one that the texts tell, or the first.
func TestParseValue_codes(t *testing.T) {
	for _, c := range protocol.Codes() {
		want := c.Code
		if want == wire.Failed {
			want = wire.Internal // the dialect has one number for both
		}
		text := protocol.AppendErrorObject(nil, wire.Errorf(c.Code, "a text"))
		if _, err := protocol.ParseValue(text); wire.CodeOf(err) != want {
			t.Errorf("ParseValue(%s) = %v; want code %s", text, err, want)
		}
	}
}

// TestAppendError_notRun carries the note that no handler has begun.
func TestAppendError_notRun(t *testing.T) {
	for _, want := range []wire.Error{
		{Code: wire.Overloaded, Message: "m", RetryAfter: 1e9, NotRun: true},
		{Code: wire.Unavailable, NotRun: true},
		{Code: wire.Unavailable, Message: "m"},
	} {
		text := protocol.AppendError(nil, 7, &want)
		var r protocol.Reply
		if err := r.Parse(text); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, r.Err); diff != "" {
			t.Errorf("Parse(%s) (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{`{"id":7,"err":{"code":"timeout","ran":true}}`, `{"id":7,"err":{"code":"timeout"}}`, `{"id":7,"err":{"code":"timeout","ran":null}}`} {
		var r protocol.Reply
		if err := r.Parse([]byte(text)); err != nil || r.Err.NotRun {
			t.Errorf("Parse(%s) = %+v, %v; want an error of which nothing is known", text, r.Err, err)
		}
	}
}
