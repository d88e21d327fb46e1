package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// inputs are the files that a cog is built from, as far as people edit them: its package,
// and those of its module that it imports.
type inputs struct {
	path, name string   // of the cog's package
	folders    []string // of the packages; some may not be there
	embedding  []string // folders of which every file counts
	files      []string // that count besides: go.mod and go.sum, go.work
}

// A listed package is what go list tells of one.
type listed struct {
	Dir, ImportPath, Name string
	DepOnly, Standard     bool
	EmbedPatterns         []string
	EmbedFiles            []string
	Module                *module
}

type module struct {
	Path, Dir, GoMod string
	Main             bool
	Replace          *struct{ Version string }
}

// local reports whether people edit the module: the main one, those of a
// workspace, and those that are replaced by a folder.
func (m *module) local() bool {
	return m != nil && (m.Main || m.Replace != nil && m.Replace.Version == "")
}

// list asks the go command for the sources. What is missing or does not compile
// is the build's to tell.
func (b *builder) list(ctx context.Context) (*inputs, error) {
	const fields = "-json=Dir,ImportPath,Name,DepOnly,Standard,EmbedPatterns,EmbedFiles,Module"
	text, err := b.run(ctx, slices.Concat([]string{"list", "-e", "-deps", fields}, b.flags, []string{"."})...)
	if err != nil {
		return nil, err
	}
	s := &inputs{folders: []string{b.dir}}
	var packages []listed
	var home *module
	for in := json.NewDecoder(strings.NewReader(text)); ; {
		var p listed
		err := in.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read what go list tells: %w", err)
		}
		if !p.DepOnly {
			s.path, s.name, home = p.ImportPath, p.Name, p.Module
		}
		packages = append(packages, p)
	}
	for _, p := range packages {
		s.add(&p, home)
	}
	if work, err := b.run(ctx, "env", "GOWORK"); err == nil {
		if work = strings.TrimSpace(work); work != "" && work != "off" {
			s.files = append(s.files, work, work+".sum")
		}
	}
	for _, list := range []*[]string{&s.folders, &s.files} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return s, nil
}

func (in *inputs) add(p *listed, home *module) {
	switch {
	case p.Standard:
	case p.Module.local() && p.Dir != "":
		in.folders = append(in.folders, p.Dir)
		if p.Module.GoMod != "" {
			in.files = append(in.files, p.Module.GoMod, filepath.Join(filepath.Dir(p.Module.GoMod), "go.sum"))
		}
		if len(p.EmbedPatterns) > 0 {
			in.embedding = append(in.embedding, p.Dir)
		}
		for _, name := range p.EmbedFiles {
			dir := filepath.Dir(filepath.Join(p.Dir, name))
			in.folders, in.embedding = append(in.folders, dir), append(in.embedding, dir)
		}
	case p.Dir == "" && home != nil && strings.HasPrefix(p.ImportPath, home.Path+"/"):
		// an import that is written before its package is
		in.folders = append(in.folders, filepath.Join(home.Dir, strings.TrimPrefix(p.ImportPath, home.Path)))
	}
}

// state names what the sources hold.
func (in *inputs) state() string {
	sum := sha256.New()
	add := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			text = []byte("?") // it has gone meanwhile, or nobody may read it
		}
		_, _ = fmt.Fprintf(sum, "%q %x\n", path, sha256.Sum256(text))
	}
	for _, dir := range in.folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			_, _ = fmt.Fprintf(sum, "no %q\n", dir)
		}
		for _, e := range entries {
			if path := filepath.Join(dir, e.Name()); !e.IsDir() && in.counts(path) {
				add(path)
			}
		}
	}
	for _, path := range in.files {
		add(path)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// counts reports whether a file, by its name, is part of what is built.
func (in *inputs) counts(path string) bool {
	dir, name := filepath.Split(path)
	switch {
	case slices.Contains(in.files, path):
		return true
	case strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~"): // an editor's
		return false
	case slices.Contains(in.embedding, filepath.Clean(dir)):
		return true
	case strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_test.go"):
		return false
	}
	return slices.Contains([]string{".go", ".s", ".S", ".sx", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".m", ".syso"}, filepath.Ext(name))
}

// concerns reports whether a change at path may be one of the sources: that of a
// file, or of a folder on the way to them.
func (in *inputs) concerns(path string) bool {
	return in.counts(path) || slices.ContainsFunc(in.folders, func(dir string) bool {
		return dir == path || strings.HasPrefix(dir, path+string(filepath.Separator))
	})
}
