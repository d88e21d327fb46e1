package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	// so that a bot which vendors its modules has what the built program imports
	_ "github.com/cogbus/cogbus/cogs/process/child"
	"github.com/cogbus/cogbus/internal/instance"
)

// A source is where the executables of a cog come from. It outlives instances.
type source struct {
	name string
	dir  string
	opts Options

	mu       sync.Mutex // protects the fields below
	order    []string   // the artefacts in the order of their service; the last serves, or has
	recalled bool       // order holds those of earlier runs of the bot
	serving  bool       // something has served in this run
	tried    made       // the last build, whether or not it went well
	busy     int        // Setups that build
	ready    *made      // what the watcher has built, until a Setup takes it
	watchers int        // that run
	warned   bool       // what to do when none does
}

// artefact returns the executable to start: a new one, that which served last if
// the cog restarts, or that which served before it. What cannot be built must not
// keep a cog down that ran.
func (s *source) artefact(ctx context.Context, reason instance.Reason) (Artefact, error) {
	if s.opts.Binary != "" {
		if reason == instance.Rollback {
			return Artefact{}, errors.New("it runs an executable that was built elsewhere: there is no build to go back to")
		}
		path, err := filepath.Abs(s.opts.Binary)
		if err == nil {
			_, err = os.Stat(path)
		}
		return Artefact{Path: path}, err
	}
	if reason == instance.Rollback {
		return s.before()
	}
	if last := s.last(); reason == instance.Restart && intact(last) {
		if s.edited() { // what has failed is mended, perhaps
			if m, err := s.make(ctx); err == nil {
				return m.Artefact, nil
			}
		}
		return Artefact{Path: last, Revision: revisionOf(last)}, nil
	}
	if m := s.take(); m != nil {
		return m.Artefact, nil
	}
	m, err := s.make(ctx)
	return m.Artefact, err
}

// make builds, and remembers what from.
func (s *source) make(ctx context.Context) (made, error) {
	s.count(1)
	defer s.count(-1)
	m, err := s.build(ctx)
	if ctx.Err() == nil {
		s.try(m)
	}
	return m, err
}

func (s *source) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy += n
}

// isBusy reports whether a Setup builds, of a reload that somebody asked for.
func (s *source) isBusy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy > 0
}

// try notes what was built last. Of sources that could not be listed, those that
// were known last count.
func (s *source) try(m made) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.from == nil {
		if s.tried.from == nil {
			return
		}
		m.from, m.state = s.tried.from, s.tried.from.state()
	}
	s.tried = m
}

// known returns what was built last.
func (s *source) known() made {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tried
}

// learn notes which files the sources are, as go list has told since.
func (s *source) learn(from *sources) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried.from = from
}

// edited reports whether the sources have changed since the last build, as far as
// that is known: of cogs that are watched.
func (s *source) edited() bool {
	tried := s.known()
	return tried.from != nil && tried.from.state() != tried.state
}

// offer keeps what the watcher has built for the next Setup.
func (s *source) offer(m *made) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = m
}

// take returns what the watcher has built, if that is what a build would make now.
func (s *source) take() *made {
	s.mu.Lock()
	m := s.ready
	s.ready = nil
	s.mu.Unlock()
	if m == nil || !there(m.Path) || m.from.state() != m.state {
		return nil
	}
	return m
}

// before returns the artefact that served before the one that serves.
func (s *source) before() (Artefact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.serving {
		return Artefact{}, errors.New("it has not served yet: there is no build to go back to")
	}
	last := len(s.order) - 1
	for _, path := range slices.Backward(s.order[:last]) {
		if intact(path) {
			return Artefact{Path: path, Revision: revisionOf(path)}, nil
		}
	}
	return Artefact{}, fmt.Errorf("no build from before %s is kept", revisionOf(s.order[last]))
}

// serves notes that path was put in service. What was rolled back is nothing to
// go back to.
func (s *source) serves(path string, rolledBack bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cache := filepath.Dir(path)
	s.recall(cache)
	s.serving = true
	defer s.note(cache)
	at := slices.Index(s.order, path)
	if rolledBack && at >= 0 {
		s.order = s.order[:at+1]
		return
	}
	s.order = slices.DeleteFunc(s.order, func(p string) bool { return p == path || !there(p) })
	s.order = append(s.order, path)
}

// last returns the artefact that serves, or served last; "" if none has.
func (s *source) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.serving { // those before are nothing to restart
		return ""
	}
	return s.order[len(s.order)-1]
}

func there(path string) bool {
	_, err := os.Stat(path)
	return path != "" && err == nil
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
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	for _, dir := range []string{root, folder} {
		if err := trusted(dir); err != nil {
			return "", fmt.Errorf("the cache folder %s: %w", dir, err)
		}
	}
	return folder, nil
}
