// Package archtest holds the rules of this module that the compiler does not: which
// package may import which, how plain the comments and the pages are, and that the
// README's programs run.
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
	cobra     = "github.com/spf13/cobra" // of the command alone: no bot and no dashboard links it
	pflag     = "github.com/spf13/pflag" // part of cobra's interface
	windows   = "golang.org/x/sys/windows"
)

// allowed has the packages that each package may import besides the standard library.
// Arrows point at wire: a cog knows no actor, a client knows no cog, a dashboard links
// neither actors nor Discord. A new package gets its line here.
var allowed = map[string][]string{
	"wire":                             {},
	"wire/admin":                       {"wire"},
	"wire/protocol":                    {"wire", "internal/codec", "internal/jsontext", segmentio},
	"internal/codec":                   {"wire", "internal/jsontext", segmentio, "internal/foreign"},
	"internal/jsontext":                {segmentio},
	"cogs":                             {"wire", "internal/codec", "internal/instance"},
	"cogs/discord":                     {"cogs", "wire", discordgo, "internal/codec", "internal/instance"},
	"cogs/discord/discordtest":         {discordgo, gorilla},
	"cogs/process":                     {"cogs", "cogs/process/child", "wire", "internal/call", "internal/frames", "internal/instance", fsnotify, sys, "internal/clip"},
	"cogs/process/child":               {"cogs", "wire", "internal/buffer", "internal/call", "internal/frames", "internal/gate", "internal/instance", "internal/router", "internal/spec"},
	"cogs/cogtest":                     {"actors", "client", "cogs"},
	"actors":                           {"wire", "cogs", "internal/dialect", "internal/gate", "internal/instance", "internal/router", "internal/socket", "internal/spec", "internal/transport", "internal/workers", proto + "/*", cmap, "wire/admin", "wire/protocol", "internal/clip"},
	"client":                           {"wire", "internal/buffer", "internal/transport", "internal/codec", "wire/protocol"},
	"client/loadtest/compare":          {"client/loadtest"},
	"client/loadtest":                  {"client", "client/loadtest/internal/*", "client/loadtest/scenario", "wire", "wire/admin", hdr},
	"client/loadtest/internal/conns":   {"client", "wire", "internal/buffer", "internal/transport", "wire/protocol"},
	"client/loadtest/internal/arrival": {sys},
	"client/loadtest/internal/machine": {},
	"client/loadtest/page":             {"client/loadtest", "wire", hdr},
	"client/loadtest/scenario":         {"wire", toml},
	"internal/clip":                    {},
	"internal/buffer":                  {},
	"internal/foreign":                 {},
	"internal/frames":                  {"wire", "internal/codec", "internal/socket"},
	"internal/socket":                  {},
	"internal/subprocess":              {sys},
	"internal/transport":               {"internal/buffer", "internal/socket", gorilla},
	"internal/workers":                 {},
	"internal/histogram":               {"wire/admin"},
	"internal/instance":                {"wire", "internal/codec", "internal/clip", "internal/foreign"},
	"internal/spec":                    {"cogs", "internal/instance"},
	"internal/lane":                    {},
	"internal/call":                    {"wire", "internal/buffer", "internal/histogram", "internal/instance", "internal/lane", "internal/workers", "internal/clip"},
	"internal/gate":                    {"wire", "internal/call", "internal/instance", "internal/lane", "internal/workers", "wire/admin"},
	"internal/router":                  {"wire", "internal/buffer", "internal/call", "internal/gate", "internal/instance", "internal/workers", "wire/admin", "internal/clip"},
	"internal/dialect":                 {"wire", "internal/buffer", "internal/call", "internal/router", "internal/transport", "internal/workers", "internal/codec", "wire/protocol"},
	"internal/archtest":                {},
	"internal/compat":                  {"actors", "client", "cogs", "wire", "wire/protocol"},
	"internal/stress":                  {"actors", "client", "cogs", "cogs/process", "internal/instance", "wire", gorilla, "wire/admin", "wire/protocol"},
	"internal/bench":                   {"actors", "client", "cogs", "wire", gorilla, "wire/protocol"},
	"cmd/cogbus":                       {"cmd/cogbus/internal/*", cobra},
	"cmd/cogbus/internal/cli":          {"client", "wire", cobra, pflag, windows, "internal/codec", "wire/admin", "wire/protocol"},
	"cmd/cogbus/internal/commands":     {"cmd/cogbus/internal/cli", "client", "cogs/process", "wire", cobra, pflag, "wire/admin"},
	"cmd/cogbus/internal/dev":          {"cmd/cogbus/internal/cli", "internal/subprocess", cobra},
	"cmd/cogbus/internal/load":         {"cmd/cogbus/internal/cli", "cmd/cogbus/internal/commands", "client/loadtest", "client/loadtest/*", "wire", cobra, pflag},
	"examples/api":                     {"wire"},
	"examples/benchserver":             {"actors", "cogs", "wire"},
	"examples/dashboard":               {"examples/api", "client", "wire", "wire/admin"},
	"examples/bot":                     {"examples/api", "examples/bot/*", "actors", "cogs", "cogs/discord", "cogs/discord/discordtest", "cogs/process", "wire", discordgo, bbolt, bbolt + "/errors"},
	"examples/demo":                    {"client", "examples/api", "internal/subprocess", "wire"},
}

// inTestsOf has the packages that the tests of one package may import beyond its line
// in allowed.
var inTestsOf = map[string][]string{
	"cmd/cogbus":         {"client/loadtest", pflag, sys},
	"cogs/process":       {"cogs/process/testdata/*"},
	"cogs/process/child": {"cogs/process/testdata/*"},
	"examples/bot":       {"cogs/process"},
	"examples/dashboard": {"cogs/discord", "examples/bot/*", bbolt},
}

// inTests has the packages that all tests may import beyond the lines in allowed.
var inTests = []string{"github.com/google/go-cmp/cmp", "github.com/rogpeppe/go-internal/testscript", "pgregory.net/rapid", "actors", "client", "cogs", "cogs/cogtest", "cogs/discord/discordtest", "internal/codec", "internal/instance", "internal/spec", "wire", "wire/admin", "wire/protocol", "internal/transport", "internal/router"}

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

// rulesOf returns the line of a package, or the line of the folder above it if that
// line allows the folder's parts.
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
