package process

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The program around a cog's package exists in an overlay of go build alone: in
// the cog's own folder, where its module, its internal packages and its replaced
// modules are what they are for the bot.
const (
	mainFolder = "zz_cogbus_main"
	mainSource = `package main

import (
	cogbuschild "github.com/cogbus/cogbus/cogs/process/child"
	cogpackage %q
)

func main() { cogbuschild.Main(cogpackage.Cog()) }
`
)

// artefacts is how many of what was built are kept for each cog.
const artefacts = 5

// build builds the package and returns the executable.
func (s *source) build(ctx context.Context) (string, error) {
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("the cog's package: %w", err)
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("no go command to build %s with (process.Options.Binary names an executable that was built elsewhere): %w", s.dir, err)
	}
	cache, err := s.cache(dir)
	if err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp(cache, ".build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	b := &builder{tool: tool, dir: dir, scratch: scratch, flags: s.opts.BuildFlags, env: s.opts.Env}
	if err := b.build(ctx); err != nil {
		return "", err
	}
	return s.store(cache, b.output())
}

// A builder is one run of go build.
type builder struct {
	tool, dir, scratch string
	flags, env         []string
}

func (b *builder) output() string { return filepath.Join(b.scratch, "cog") }

func (b *builder) build(ctx context.Context) error {
	name, err := b.run(ctx, "list", "-f", "{{.ImportPath}} {{.Name}}", ".")
	if err != nil {
		return err
	}
	path, pkg, _ := strings.Cut(strings.TrimSpace(name), " ")
	if pkg == "main" {
		return fmt.Errorf("%s is a program, package main: a cog's package exports func Cog() cogs.Cog", b.dir)
	}
	source := filepath.Join(b.scratch, "main.go")
	overlay := filepath.Join(b.scratch, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(b.dir, mainFolder, "main.go"): source}})
	if err != nil {
		return err
	}
	err = errors.Join(
		os.WriteFile(source, fmt.Appendf(nil, mainSource, path), 0o600),
		os.WriteFile(overlay, text, 0o600))
	if err != nil {
		return err
	}
	args := slices.Concat([]string{"build", "-overlay", overlay, "-trimpath", "-ldflags=-s -w"}, b.flags,
		[]string{"-o", b.output(), "./" + mainFolder})
	_, err = b.run(ctx, args...)
	return err
}

// run runs the go command. Its error tells what the command printed.
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

// explain makes an error of what the go command printed, with paths that can be
// opened from where the bot runs.
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

// locate makes the path that a line begins with one from the bot's folder.
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

// store moves an executable to where it stays, named by what it holds: one that
// runs is never overwritten, and what has not changed is there already.
func (s *source) store(cache, built string) (string, error) {
	sum, err := hashOf(built)
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, sum)
	if _, err := os.Stat(path); err == nil {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // for prune alone
		return path, nil
	}
	if err := os.Rename(built, path); err != nil {
		return "", err
	}
	s.prune(cache)
	return path, nil
}

// prune removes the oldest artefacts. What cannot be removed costs a place on
// the disk, nothing else.
func (s *source) prune(cache string) {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return
	}
	var list []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int { return cmp.Compare(b.ModTime().UnixNano(), a.ModTime().UnixNano()) })
	for i, info := range list {
		if path := filepath.Join(cache, info.Name()); i >= artefacts && path != s.last() {
			_ = os.Remove(path)
		}
	}
}

func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// folderName returns a name for the folder of a cog's artefacts: two bots may have
// cogs of one name.
func folderName(cog, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return url.PathEscape(cog) + "-" + hex.EncodeToString(sum[:4])
}
