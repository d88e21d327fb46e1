package process

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	// so that a bot which vendors its modules has what the built program imports
	_ "github.com/cogbus/cogbus/cogs/process/child"
)

// A source is where the executable of a cog comes from.
type source struct {
	name string
	dir  string
	opts Options

	mu     sync.Mutex // protects the fields below
	served string     // the artefact that served last
}

// artefact returns the executable to start: a new one, or that which served last
// if the cog restarts. What cannot be built must not keep a cog down that ran.
func (s *source) artefact(ctx context.Context, restart bool) (string, error) {
	if s.opts.Binary != "" {
		path, err := filepath.Abs(s.opts.Binary)
		if err == nil {
			_, err = os.Stat(path)
		}
		return path, err
	}
	if last := s.last(); restart && last != "" {
		if _, err := os.Stat(last); err == nil {
			return last, nil
		}
	}
	return s.build(ctx)
}

// serves notes that path was put in service.
func (s *source) serves(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served = path
}

func (s *source) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// cache returns the folder for the artefacts of the cog.
func (s *source) cache(dir string) (string, error) {
	root := s.opts.Cache
	if root == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no folder for what is built (Options.Cache names one): %w", err)
		}
		root = filepath.Join(user, "cogbus")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(root, folderName(s.name, dir))
	return folder, os.MkdirAll(folder, 0o700)
}
