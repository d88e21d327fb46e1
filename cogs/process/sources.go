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

// sources are what a cog is built from, as far as people edit it: its package,
// and those of its module that it imports.
type sources struct {
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
func (b *builder) list(ctx context.Context) (*sources, error) {
	const fields = "-json=Dir,ImportPath,Name,DepOnly,Standard,EmbedPatterns,EmbedFiles,Module"
	text, err := b.run(ctx, slices.Concat([]string{"list", "-e", "-deps", fields}, b.flags, []string{"."})...)
	if err != nil {
		return nil, err
	}
	s := &sources{folders: []string{b.dir}}
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

func (s *sources) add(p *listed, home *module) {
	switch {
	case p.Standard:
	case p.Module.local() && p.Dir != "":
		s.folders = append(s.folders, p.Dir)
		if p.Module.GoMod != "" {
			s.files = append(s.files, p.Module.GoMod, filepath.Join(filepath.Dir(p.Module.GoMod), "go.sum"))
		}
		if len(p.EmbedPatterns) > 0 {
			s.embedding = append(s.embedding, p.Dir)
		}
		for _, name := range p.EmbedFiles {
			dir := filepath.Dir(filepath.Join(p.Dir, name))
			s.folders, s.embedding = append(s.folders, dir), append(s.embedding, dir)
		}
	case p.Dir == "" && home != nil && strings.HasPrefix(p.ImportPath, home.Path+"/"):
		// an import that is written before its package is
		s.folders = append(s.folders, filepath.Join(home.Dir, strings.TrimPrefix(p.ImportPath, home.Path)))
	}
}

// state names what the sources hold.
func (s *sources) state() string {
	sum := sha256.New()
	add := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			text = []byte("?") // it has gone meanwhile, or nobody may read it
		}
		_, _ = fmt.Fprintf(sum, "%q %x\n", path, sha256.Sum256(text))
	}
	for _, dir := range s.folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			_, _ = fmt.Fprintf(sum, "no %q\n", dir)
		}
		for _, e := range entries {
			if path := filepath.Join(dir, e.Name()); !e.IsDir() && s.counts(path) {
				add(path)
			}
		}
	}
	for _, path := range s.files {
		add(path)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// counts reports whether a file, by its name, is part of what is built.
func (s *sources) counts(path string) bool {
	dir, name := filepath.Split(path)
	switch {
	case slices.Contains(s.files, path):
		return true
	case strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~"): // an editor's
		return false
	case slices.Contains(s.embedding, filepath.Clean(dir)):
		return true
	case strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_test.go"):
		return false
	}
	return slices.Contains([]string{".go", ".s", ".S", ".sx", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".m", ".syso"}, filepath.Ext(name))
}

// concerns reports whether a change at path may be one of the sources: that of a
// file, or of a folder on the way to them.
func (s *sources) concerns(path string) bool {
	return s.counts(path) || slices.ContainsFunc(s.folders, func(dir string) bool {
		return dir == path || strings.HasPrefix(dir, path+string(filepath.Separator))
	})
}
