package discord

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// Every event that discordgo can handle must be in the table, under its own name only.
func TestEventNamesAreThoseOfDiscordgo(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := build.Import("github.com/bwmarrin/discordgo", here, build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{} // type to name
	names := constants(t, filepath.Join(pkg.Dir, "eventhandlers.go"))
	for name, value := range names {
		const suffix = "EventType"
		typ := name[:len(name)-len(suffix)]
		want[string(typ[0]-'a'+'A')+typ[1:]] = value
	}
	got := table(t)
	for typ, name := range want {
		if got[typ] != name {
			t.Errorf("eventName(%s) = %q; want %q", typ, got[typ], name)
		}
	}
	if len(got) != len(want) || len(want) < 70 {
		t.Errorf("the table has %d events; discordgo has %d", len(got), len(want))
	}
}

// table reads the cases of eventName.
func table(t *testing.T) map[string]string {
	t.Helper()
	own := constants(t, "event_name.go")
	file := parse(t, "event_name.go")
	got := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		c, ok := n.(*ast.CaseClause)
		if !ok || len(c.List) != 1 {
			return true
		}
		typ := c.List[0].(*ast.StarExpr).X.(*ast.SelectorExpr).Sel.Name
		switch v := c.Body[0].(*ast.ReturnStmt).Results[0].(type) {
		case *ast.BasicLit:
			got[typ] = unquote(t, v)
		case *ast.Ident:
			got[typ] = own[v.Name]
		}
		return true
	})
	return got
}

// constants returns the string constants of a file.
func constants(t *testing.T, path string) map[string]string {
	t.Helper()
	out := map[string]string{}
	ast.Inspect(parse(t, path), func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				out[spec.Names[0].Name] = unquote(t, lit)
			}
		}
		return true
	})
	return out
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func unquote(t *testing.T, lit *ast.BasicLit) string {
	t.Helper()
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
