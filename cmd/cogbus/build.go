package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cogbus/cogbus/cogs/process"
)

func newBuild() *command {
	out, tags := ".", ""
	return &command{
		name:    "build",
		params:  "[-o DIR] PACKAGE...",
		summary: "make executables of cogs, for machines without Go",
		details: `Each PACKAGE is the folder of a cog's package. Its executable gets the name of
the folder; a bot runs it where process.Options.Binary names it. GOOS and GOARCH
in the environment say for what kind of machine. The line for each tells the hash
of what it holds: the same source makes the same.`,
		examples: []string{"cogbus build ./cogs/stats", "GOARCH=arm64 cogbus build -o bin ./cogs/*"},
		min:      1,
		max:      1 << 10,
		local:    true,
		sources:  true,
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&out, "o", out, "the `DIR` for the executables (default: here)")
			fs.StringVar(&tags, "tags", tags, "build `TAGS`, as for go build")
		},
		run: func(ctx context.Context, s *session, packages []string) error {
			if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // what others are to run
				return err
			}
			opts := &process.Options{}
			if tags != "" {
				opts.BuildFlags = []string{"-tags=" + tags}
			}
			for _, dir := range packages {
				if err := s.build(ctx, dir, out, opts); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// build makes one executable and tells of it.
func (s *session) build(ctx context.Context, dir, out string, opts *process.Options) error {
	full, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(out, filepath.Base(full))
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usagef("build", "there is a folder %s, where the executable of %s would be: use -o", path, dir)
	}
	a, err := process.Build(ctx, dir, path, opts)
	if err != nil {
		return &buildError{dir: dir, err: err}
	}
	if s.json {
		text, err := json.Marshal(struct {
			Path  string  `json:"path"`
			Build string  `json:"build"`
			Took  float64 `json:"built_ms"`
		}{a.Path, a.Revision, float64(a.Took.Round(time.Microsecond)) / float64(time.Millisecond)})
		s.out.printf("%s\n", text)
		return err
	}
	s.out.printf("%s (%s), built %.2f s\n", oneLine(a.Path), a.Revision, a.Took.Seconds())
	return nil
}

// A buildError is what the compiler says, a line for each error.
type buildError struct {
	dir string
	err error
}

func (e *buildError) Error() string { return fmt.Sprintf("build %s: %v", e.dir, e.err) }

func (e *buildError) Unwrap() error { return e.err }

// lines returns the error as people read it: places first, so that editors and
// terminals find them.
func (e *buildError) lines() string {
	return e.dir + " does not build:\n" + strings.TrimSpace(e.err.Error())
}
