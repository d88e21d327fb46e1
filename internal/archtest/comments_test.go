package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// plainLimit is the bound on relatives without a noun in 1,000 words of comments. The
// standard library has about one.
const plainLimit = 3

// relatives are the words that stand in for a noun which the reader then has to guess.
var relatives = regexp.MustCompile(`(?i)\b(what|who|whoever|whatever|whose|whom)\b`)

// quoted is text in which a relative is not prose: code in backticks, and quotations.
var quoted = regexp.MustCompile("(?s)`[^`]*`|\"[^\"]*\"")

// prose counts the words of comments, and the relatives among them.
type prose struct{ words, relatives int }

func (p prose) rate() float64 { return 1000 * float64(p.relatives) / float64(max(1, p.words)) }

func TestComments_plain(t *testing.T) {
	packages := map[string]*prose{}
	for file, comments := range commentsOfTree(t) {
		pkg := filepath.ToSlash(filepath.Dir(file))
		if packages[pkg] == nil {
			packages[pkg] = &prose{}
		}
		packages[pkg].words += len(strings.Fields(comments))
		packages[pkg].relatives += len(relatives.FindAllString(comments, -1))
	}
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		p := packages[pkg]
		t.Logf("%-32s %5d words, %3d relatives: %4.1f per 1,000", pkg, p.words, p.relatives, p.rate())
		if p.rate() >= plainLimit {
			t.Errorf("package %s has %.1f relatives per 1,000 words of comments; want less than %d: write the noun", pkg, p.rate(), plainLimit)
		}
	}
}

// commentsOfTree returns the comments of each Go file of the module, by its path.
func commentsOfTree(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS("../.."), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && name != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(file) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", file), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		all[file] = textOf(f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// textOf returns the prose of a file's comments.
func textOf(f *ast.File) string {
	var all strings.Builder
	for _, group := range f.Comments {
		var text strings.Builder
		for _, c := range group.List {
			text.WriteString(strings.TrimPrefix(c.Text, "//"))
			text.WriteByte('\n')
		}
		// group by group, since an odd quote must not hide the comments behind it
		all.WriteString(quoted.ReplaceAllString(text.String(), ""))
	}
	return all.String()
}
