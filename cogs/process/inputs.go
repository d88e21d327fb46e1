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

// inputs are the files of a cog's build that people edit: its package, the imported
// packages of its module and of other local modules, and the module files.
type inputs struct {
	path, name string   // the import path and the name of the cog's package
	folders    []string // the folders of the packages; some may not exist
	embedding  []string // folders with embedded files, of which every file counts
	files      []string // further files that count: go.mod, go.sum, go.work
}

// A listed is the output of go list for one package.
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

// local reports whether people edit the module here: the main module, the modules of a
// workspace, and modules that are replaced by a folder.
func (m *module) local() bool {
	return m != nil && (m.Main || m.Replace != nil && m.Replace.Version == "")
}

// list gets the sources from the go command. If a package is missing or does not compile,
// that is no error here: the build reports it.
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
			return nil, fmt.Errorf("read the output of go list: %w", err)
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
		// a package of the module that is imported but not written yet
		in.folders = append(in.folders, filepath.Join(home.Dir, strings.TrimPrefix(p.ImportPath, home.Path)))
	}
}

// state returns a hash of all sources.
func (in *inputs) state() string {
	sum := sha256.New()
	add := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			text = []byte("?") // the file was removed meanwhile, or cannot be read
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

// counts reports whether a file with this path is a source of the build.
func (in *inputs) counts(path string) bool {
	dir, name := filepath.Split(path)
	switch {
	case slices.Contains(in.files, path):
		return true
	case strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~"): // temporary files of editors
		return false
	case slices.Contains(in.embedding, filepath.Clean(dir)):
		return true
	case strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_test.go"):
		return false
	}
	return slices.Contains([]string{".go", ".s", ".S", ".sx", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".m", ".syso"}, filepath.Ext(name))
}

// concerns reports whether a change at path may have changed the sources: path is a source
// file, or a folder that holds sources.
func (in *inputs) concerns(path string) bool {
	return in.counts(path) || slices.ContainsFunc(in.folders, func(dir string) bool {
		return dir == path || strings.HasPrefix(dir, path+string(filepath.Separator))
	})
}
