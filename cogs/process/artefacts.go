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

// artefacts are the executables of one cog: built from its package, in the order in which
// they have served, or one that was built elsewhere. They outlive instances.
type artefacts struct {
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
func (a *artefacts) artefact(ctx context.Context, reason instance.Reason) (Artefact, error) {
	if a.opts.Binary != "" {
		if reason == instance.Rollback {
			return Artefact{}, errors.New("it runs an executable that was built elsewhere: there is no build to go back to")
		}
		path, err := filepath.Abs(a.opts.Binary)
		if err == nil {
			_, err = os.Stat(path)
		}
		return Artefact{Path: path}, err
	}
	if reason == instance.Rollback {
		return a.before()
	}
	if last := a.last(); reason == instance.Restart && intact(last) {
		if a.edited() { // what has failed is mended, perhaps
			if m, err := a.make(ctx); err == nil {
				return m.Artefact, nil
			}
		}
		return Artefact{Path: last, Revision: revisionOf(last)}, nil
	}
	if m := a.take(); m != nil {
		return m.Artefact, nil
	}
	m, err := a.make(ctx)
	return m.Artefact, err
}

// make builds, and remembers what from.
func (a *artefacts) make(ctx context.Context) (made, error) {
	a.count(1)
	defer a.count(-1)
	m, err := a.build(ctx)
	if ctx.Err() == nil {
		a.remember(m)
	}
	return m, err
}

func (a *artefacts) count(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy += n
}

// isBusy reports whether a Setup builds, of a reload that somebody asked for.
func (a *artefacts) isBusy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.busy > 0
}

// remember notes what was built last. Of sources that could not be listed, those that
// were known last count.
func (a *artefacts) remember(m made) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m.from == nil {
		if a.tried.from == nil {
			return
		}
		m.from, m.state = a.tried.from, a.tried.from.state()
	}
	a.tried = m
}

// known returns what was built last.
func (a *artefacts) known() made {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tried
}

// learn notes which files the sources are, as go list has told since.
func (a *artefacts) learn(from *inputs) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tried.from = from
}

// edited reports whether the sources have changed since the last build, as far as
// that is known: of cogs that are watched.
func (a *artefacts) edited() bool {
	tried := a.known()
	return tried.from != nil && tried.from.state() != tried.state
}

// offer keeps what the watcher has built for the next Setup.
func (a *artefacts) offer(m *made) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ready = m
}

// take returns what the watcher has built, if that is what a build would make now.
func (a *artefacts) take() *made {
	a.mu.Lock()
	m := a.ready
	a.ready = nil
	a.mu.Unlock()
	if m == nil || !there(m.Path) || m.from.state() != m.state {
		return nil
	}
	return m
}

// before returns the artefact that served before the one that serves.
func (a *artefacts) before() (Artefact, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.serving {
		return Artefact{}, errors.New("it has not served yet: there is no build to go back to")
	}
	last := len(a.order) - 1
	for _, path := range slices.Backward(a.order[:last]) {
		if intact(path) {
			return Artefact{Path: path, Revision: revisionOf(path)}, nil
		}
	}
	return Artefact{}, fmt.Errorf("no build from before %s is kept", revisionOf(a.order[last]))
}

// serves notes that path was put in service. What was rolled back is nothing to
// go back to.
func (a *artefacts) serves(path string, rolledBack bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cache := filepath.Dir(path)
	a.recall(cache)
	a.serving = true
	defer a.note(cache)
	at := slices.Index(a.order, path)
	if rolledBack && at >= 0 {
		a.order = a.order[:at+1]
		return
	}
	a.order = slices.DeleteFunc(a.order, func(p string) bool { return p == path || !there(p) })
	a.order = append(a.order, path)
}

// last returns the artefact that serves, or served last; "" if none has.
func (a *artefacts) last() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.serving { // those before are nothing to restart
		return ""
	}
	return a.order[len(a.order)-1]
}

func there(path string) bool {
	_, err := os.Stat(path)
	return path != "" && err == nil
}

// cache returns the folder for the artefacts of the cog.
func (a *artefacts) cache(dir string) (string, error) {
	root := a.opts.Cache
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
	folder := filepath.Join(root, folderName(a.name, dir))
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
