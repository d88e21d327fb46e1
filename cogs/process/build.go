package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A cog's package needs a main package around it. That exists only in an overlay of go
// build, in a subfolder of the cog's own folder, so that its module, its internal packages
// and its replaced modules are the same as for the bot.
const (
	mainFolder  = "zz_cogbus_main"
	buildFolder = ".build-" // prefix of the names of temporary folders
	mainSource  = `package main

import (
	cogbuschild "github.com/cogbus/cogbus/cogs/process/child"
	cogpackage %q
)

func main() { cogbuschild.Main(cogpackage.Cog()) }
`
)

// An Artefact is the executable that was built from a cog's package.
type Artefact struct {
	Path     string
	Revision string        // its id for operators, made from a hash of the file
	Took     time.Duration // the time of the build; zero if the executable was there already
}

// Build builds the cog's package in dir into the file out, in the same way as a reload. It
// is for machines without Go, whose bots run the file as [Options.Binary]. The environment
// variables GOOS and GOARCH name the kind of that machine. dir and out are relative to the
// working directory.
//
// If out exists, Build replaces it, also while it runs. Of opts it uses BuildFlags and Env;
// nil means none. If the build fails, the error has the compiler's messages, one per line.
// Several goroutines may call Build at once.
func Build(ctx context.Context, dir, out string, opts *Options) (Artefact, error) {
	o := opts.withDefaults()
	near, err := filepath.Abs(filepath.Dir(out)) // the go command runs in dir
	if err != nil {
		return Artefact{}, err
	}
	b, err := newBuilder(dir, near, &o)
	if err != nil {
		return Artefact{}, err
	}
	defer b.end()
	began := time.Now()
	if _, err := b.build(ctx); err != nil {
		return Artefact{}, err
	}
	sum, err := hashOf(b.output())
	if err == nil {
		err = os.Rename(b.output(), out)
	}
	return Artefact{Path: out, Revision: revisionOf(sum), Took: time.Since(began)}, err
}

// A made is the outcome of a build, as far as the build got.
type made struct {
	Artefact
	from  *inputs // the sources; nil if they are not known
	state string  // the state of from when the build began
}

// build builds the package, and stores the artefact in the cog's cache.
func (a *artefacts) build(ctx context.Context) (made, error) {
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return made{}, err
	}
	cache, err := a.cache(dir)
	if err != nil {
		return made{}, err
	}
	b, err := newBuilder(a.dir, cache, &a.opts)
	if err != nil {
		return made{}, err
	}
	defer b.end()
	began := time.Now()
	m, err := b.build(ctx)
	if err != nil {
		return m, err
	}
	path, err := a.store(cache, b.output())
	m.Artefact = Artefact{Path: path, Revision: revisionOf(path), Took: time.Since(began)}
	return m, err
}

// A builder is one run of go build.
type builder struct {
	tool, dir, scratch string
	flags, env         []string
	watched            bool // the outcome must have the sources
}

// newBuilder returns a builder for the package in dir, with a temporary folder in the
// folder near. The caller calls end.
func newBuilder(dir, near string, opts *Options) (*builder, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(full); err != nil {
		return nil, fmt.Errorf("the folder of the cog's package (relative to the working directory of the bot): %w", err)
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("no go command to build %s with; to run an executable that was built elsewhere, set process.Options.Binary: %w", dir, err)
	}
	scratch, err := os.MkdirTemp(near, buildFolder)
	if err != nil {
		return nil, err
	}
	return &builder{tool: tool, dir: full, scratch: scratch, flags: opts.BuildFlags, env: opts.Env, watched: opts.Watch}, nil
}

func (b *builder) end() { _ = os.RemoveAll(b.scratch) }

func (b *builder) output() string { return filepath.Join(b.scratch, "cog") }

func (b *builder) build(ctx context.Context) (m made, err error) {
	from, err := b.list(ctx)
	if err != nil {
		return m, err
	}
	if b.watched {
		m.from, m.state = from, from.state()
	}
	if from.name == "main" {
		return m, fmt.Errorf("%s is a program, package main, but a cog's package exports func Cog() cogs.Cog", b.dir)
	}
	source := filepath.Join(b.scratch, "main.go")
	overlay := filepath.Join(b.scratch, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(b.dir, mainFolder, "main.go"): source}})
	if err != nil {
		return m, err
	}
	err = errors.Join(
		os.WriteFile(source, fmt.Appendf(nil, mainSource, from.path), 0o600),
		os.WriteFile(overlay, text, 0o600))
	if err != nil {
		return m, err
	}
	args := slices.Concat([]string{"build", "-overlay", overlay, "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}, b.flags,
		[]string{"-o", b.output(), "./" + mainFolder})
	_, err = b.run(ctx, args...)
	return m, err
}

// run runs the go command, and returns its standard output. If the command fails, the error
// has the text that it printed.
func (b *builder) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.tool, args...)
	cmd.Dir = b.dir
	cmd.Env = append(append(os.Environ(), "PWD="+b.dir), b.env...)
	cmd.WaitDelay = time.Second
	endWithChildren(cmd)
	var out, printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &printed
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("go %s: %w", args[0], ctx.Err())
	}
	return "", b.explain(args[0], err, printed.String())
}

// explain makes an error from the text that the go command printed. Paths in it are
// relative to the bot's working directory, so that people can open them.
func (b *builder) explain(what string, err error, printed string) error {
	var lines []string
	for line := range strings.Lines(printed) {
		line = strings.TrimRight(line, "\r\n")
		if strings.Contains(line, "main.go:") && strings.Contains(line, "cogpackage.Cog") {
			return fmt.Errorf("package %s exports no func Cog() cogs.Cog (%s)", b.dir, line[strings.LastIndex(line, ": ")+2:])
		}
		if line != "" && !strings.HasPrefix(line, "# ") {
			lines = append(lines, b.locate(line))
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("go %s: %w", what, err)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// locate makes the path at the beginning of a line relative to the bot's working directory.
func (b *builder) locate(line string) string {
	path, rest, found := strings.Cut(line, ".go:")
	if !found || filepath.IsAbs(path) || strings.ContainsAny(path, " :") {
		return line
	}
	full := filepath.Join(b.dir, path)
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, full); err == nil && !strings.HasPrefix(rel, "..") {
			full = rel
		}
	}
	return full + ".go:" + rest
}
