package archtest

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// onOneScreen are the packages that authors of bots and dashboards import. Their names
// fit on one screen.
var onOneScreen = []string{"wire", "cogs", "client", "actors", "cogs/discord"}

// TestNames_areShown looks for each name that these packages export, methods left out, in
// the README, the guide and the examples: a name that none of them shows is one that no
// author needs, or that nobody finds.
func TestNames_areShown(t *testing.T) {
	text := ""
	pages := []string{"README.md", "docs/guide.md"}
	for _, pattern := range []string{"*/example_test.go", "*/*/example_test.go", "examples/*/*.go"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			pages = append(pages, f[len("../../"):])
		}
	}
	for _, page := range pages {
		b, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		text += string(b)
	}
	for _, pkg := range onOneScreen {
		names := exportedNames(t, filepath.Join("../..", pkg))
		if len(names) > 40 {
			t.Errorf("package %s exports %d names; want at most 40", pkg, len(names))
		}
		for _, name := range names {
			if !regexp.MustCompile(`\b` + path.Base(pkg) + `\.` + name + `\b`).MatchString(text) {
				t.Errorf("%s.%s stands in no example, nor in README.md or docs/guide.md", path.Base(pkg), name)
			}
		}
	}
}

// exportedNames returns the exported constants, variables, functions and types of the
// package in dir.
func exportedNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	pkg, err := build.Default.ImportDir(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(id *ast.Ident) {
		if id.IsExported() && !slices.Contains(names, id.Name) {
			names = append(names, id.Name)
		}
	}
	for _, file := range pkg.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						add(s.Name)
					case *ast.ValueSpec:
						for _, id := range s.Names {
							add(id)
						}
					}
				}
			}
		}
	}
	return names
}
