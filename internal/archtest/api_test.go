package archtest

import (
	"bytes"
	"flag"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the public API to testdata/api instead of comparing it")

// public are the packages that programs import. A change of their exports shows in
// the diff of testdata/api.
var public = []string{
	"actors", "client", "client/loadtest", "client/loadtest/compare", "client/loadtest/page", "client/loadtest/scenario",
	"cogs", "cogs/cogtest", "cogs/discord", "cogs/discord/discordtest", "cogs/process", "wire", "wire/admin", "wire/protocol",
}

// TestAPI holds the exported declarations of each public package against the recorded
// ones. To record a change that is meant: go test ./internal/archtest -run API -update
func TestAPI(t *testing.T) {
	for _, pkg := range public {
		t.Run(pkg, func(t *testing.T) {
			got := exported(t, filepath.Join("../..", filepath.FromSlash(pkg)))
			golden := filepath.Join("testdata/api", strings.ReplaceAll(pkg, "/", "_")+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the API of %s has changed; if that is meant, run go test ./internal/archtest -run API -update (-want +got):\n%s", pkg, diff)
			}
		})
	}
}

// TestAPI_isPublic finds packages that programs can import and nobody has listed.
func TestAPI_isPublic(t *testing.T) {
	for pkg := range allowed {
		top, _, _ := strings.Cut(pkg, "/")
		hidden := strings.Contains("/"+pkg+"/", "/internal/") || slices.Contains([]string{"cmd", "examples"}, top) || pkg == "cogs/process/child"
		if !hidden && !slices.Contains(public, pkg) {
			t.Errorf("package %s is not in the list of public packages", pkg)
		}
	}
}

// exported returns the exported declarations of the package in dir, without comments
// and bodies, one after the other in alphabetical order.
func exported(t *testing.T, dir string) string {
	t.Helper()
	pkg, err := build.Default.ImportDir(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	fset := token.NewFileSet()
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(fset, path.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if !ast.FileExports(file) {
			continue
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && !ast.IsExported(receiver(d.Recv.List[0].Type)) {
					continue
				}
				d.Body = nil
				list = append(list, printed(t, fset, d))
			case *ast.GenDecl:
				if d.Tok != token.IMPORT {
					list = append(list, printed(t, fset, d))
				}
			}
		}
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// receiver returns the name of the type that a method belongs to.
func receiver(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func printed(t *testing.T, fset *token.FileSet, node ast.Node) string {
	t.Helper()
	var b bytes.Buffer
	if err := printer.Fprint(&b, fset, node); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}
