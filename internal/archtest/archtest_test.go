// Package archtest holds who may import whom.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/cogbus/cogbus"

const (
	gorilla   = "github.com/gorilla/websocket"
	proto     = "github.com/asynkron/protoactor-go"
	cmap      = "github.com/orcaman/concurrent-map" // part of its interface
	discordgo = "github.com/bwmarrin/discordgo"
	segmentio = "github.com/segmentio/encoding/json"
	fsnotify  = "github.com/fsnotify/fsnotify"
	bbolt     = "go.etcd.io/bbolt"
	hdr       = "github.com/HdrHistogram/hdrhistogram-go"
	sys       = "golang.org/x/sys/unix"
	toml      = "github.com/BurntSushi/toml"
)

// allowed says what each package may import besides the standard library.
// Arrows point at wire: a cog knows no actor, a client knows no cog, a dashboard
// links neither actors nor Discord. A new package gets its line here.
var allowed = map[string][]string{
	"wire":                           {},
	"wire/admin":                     {"wire"},
	"wire/protocol":                  {"wire", "internal/codec", "internal/jsontext", segmentio},
	"internal/codec":                 {"wire", "internal/jsontext", segmentio},
	"internal/jsontext":              {segmentio},
	"cogs":                           {"wire", "internal/clip", "internal/codec"},
	"cogs/discord":                   {"cogs", "wire", discordgo, "internal/codec"},
	"cogs/discord/discordtest":       {discordgo, gorilla},
	"cogs/process":                   {"cogs", "cogs/process/child", "wire", "internal/call", "internal/clip", "internal/frames", fsnotify, sys},
	"cogs/process/child":             {"cogs", "wire", "internal/buffer", "internal/call", "internal/frames", "internal/gate", "internal/router"},
	"cogs/cogtest":                   {"actors", "client", "cogs"},
	"actors":                         {"wire", "cogs", "internal/clip", "internal/dialect", "internal/gate", "internal/router", "internal/socket", "internal/transport", "internal/workers", proto + "/*", cmap, "wire/admin", "wire/protocol"},
	"client":                         {"wire", "internal/buffer", "internal/transport", "internal/codec", "wire/protocol"},
	"client/loadtest/compare":        {"client/loadtest"},
	"client/loadtest":                {"client", "client/loadtest/internal/lines", "client/loadtest/scenario", "wire", hdr, sys, "wire/admin"},
	"client/loadtest/internal/lines": {"client", "wire", "internal/buffer", "internal/transport", "wire/protocol"},
	"client/loadtest/page":           {"client/loadtest", "wire", hdr},
	"client/loadtest/scenario":       {"wire", toml},
	"internal/buffer":                {},
	"internal/clip":                  {},
	"internal/frames":                {"wire", "internal/codec", "internal/socket"},
	"internal/socket":                {},
	"internal/subprocess":            {sys},
	"internal/transport":             {"internal/buffer", "internal/socket", gorilla},
	"internal/workers":               {},
	"internal/histogram":             {"wire/admin"},
	"internal/lane":                  {},
	"internal/call":                  {"wire", "cogs", "internal/buffer", "internal/histogram", "internal/lane", "internal/workers"},
	"internal/gate":                  {"wire", "cogs", "internal/call", "internal/lane", "internal/workers", "wire/admin"},
	"internal/router":                {"wire", "cogs", "internal/buffer", "internal/call", "internal/clip", "internal/gate", "internal/workers", "wire/admin"},
	"internal/dialect":               {"wire", "internal/buffer", "internal/call", "internal/router", "internal/transport", "internal/workers", "internal/codec", "wire/protocol"},
	"internal/archtest":              {},
	"internal/compat":                {"actors", "client", "cogs", "wire", "wire/protocol"},
	"internal/stress":                {"actors", "client", "cogs", "cogs/process", "wire", gorilla, "wire/admin", "wire/protocol"},
	"internal/bench":                 {"actors", "client", "cogs", "wire", gorilla, "wire/protocol"},
	"cmd/cogbus":                     {"client", "client/loadtest", "client/loadtest/*", "cogs/process", "internal/subprocess", "wire", sys, "internal/codec", "wire/admin", "wire/protocol"},
	"examples/api":                   {"wire"},
	"examples/benchserver":           {"actors", "cogs", "wire"},
	"examples/dashboard":             {"examples/api", "client", "wire", "wire/admin"},
	"examples/bot":                   {"examples/api", "examples/bot/*", "actors", "cogs", "cogs/discord", "cogs/discord/discordtest", "cogs/process", "wire", discordgo, bbolt, bbolt + "/errors"},
	"examples/demo":                  {"client", "examples/api", "internal/subprocess", "wire"},
}

// inTestsOf is what the tests of one package may import on top.
var inTestsOf = map[string][]string{
	"cogs/process":       {"cogs/process/testdata/*"},
	"cogs/process/child": {"cogs/process/testdata/*"},
	"examples/bot":       {"cogs/process"},
	"examples/dashboard": {"cogs/discord", "examples/bot/*", bbolt},
}

// inTests is what tests may import on top.
var inTests = []string{"github.com/google/go-cmp/cmp", "github.com/rogpeppe/go-internal/testscript", "pgregory.net/rapid", "actors", "client", "cogs", "cogs/cogtest", "cogs/discord/discordtest", "internal/codec", "wire", "wire/admin", "wire/protocol", "internal/transport", "internal/router"}

func TestImports(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && name != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(file) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		seen[pkg] = true
		rules, ok := rulesOf(pkg)
		if !ok {
			t.Errorf("package %s has no line in the table", pkg)
			return nil
		}
		if strings.HasSuffix(file, "_test.go") {
			rules = slices.Concat(rules, inTests, inTestsOf[pkg])
		}
		check(t, file, pkg, rules)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(pkg))); err != nil {
			t.Errorf("the table names %s, which is not there", pkg)
		}
	}
}

// rulesOf returns the line of a package, or that of the folder it is in if that
// allows itself its parts.
func rulesOf(pkg string) ([]string, bool) {
	if rules, ok := allowed[pkg]; ok {
		return rules, true
	}
	parent := path.Dir(pkg)
	if rules, ok := allowed[parent]; ok && slices.Contains(rules, parent+"/*") {
		return rules, true
	}
	return nil, false
}

func check(t *testing.T, file, pkg string, rules []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		short := strings.TrimPrefix(name, module+"/")
		if !strings.Contains(strings.Split(name, "/")[0], ".") || short == pkg { // standard library, or an external test
			continue
		}
		if !slices.ContainsFunc(rules, func(r string) bool { ok, _ := path.Match(r, short); return ok || r == short }) {
			t.Errorf("%s imports %s; package %s may not", path.Base(file), short, pkg)
		}
	}
}
