package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	// a bot that vendors its modules needs the imports of the program that Build makes
	_ "github.com/cogbus/cogbus/cogs/process/child"
	"github.com/cogbus/cogbus/internal/instance"
)

// artefacts holds the executables of one cog: those that were built from its package, in
// the order in which they have served, or a single one that was built elsewhere. It
// outlives instances.
type artefacts struct {
	name string
	dir  string
	opts Options

	mu       sync.Mutex // protects the fields below
	order    []string   // the paths of the artefacts, in the order in which they served; the last one serves or served last
	recalled bool       // order also holds the artefacts of earlier runs of the bot
	serving  bool       // an artefact has served in this run of the bot
	tried    made       // the last build, also if it failed
	busy     int        // the number of Setups that build now
	ready    *made      // the watcher's build, until a Setup takes it
	watchers int        // the number of watchers that run
	warned   bool       // warn has logged its advice
}

// artefact returns the executable to start. Usually that is a new build. For a restart it
// is the artefact that served last, since source that does not compile must not stop a cog
// that ran. For a rollback it is the artefact that served before that.
func (a *artefacts) artefact(ctx context.Context, reason instance.Reason) (Artefact, error) {
	if a.opts.Binary != "" {
		if reason == instance.Rollback {
			return Artefact{}, errors.New("it runs an executable that was built elsewhere, so there is no build to go back to")
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
		if a.edited() { // the edit may have corrected the failure
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

// make builds the cog, and remembers the sources of the build.
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

// isBusy reports whether a Setup builds now, for a reload that an operator has requested.
func (a *artefacts) isBusy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.busy > 0
}

// remember stores the last build. If its sources could not be listed, remember assumes the
// sources of the build before.
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

// known returns the last build.
func (a *artefacts) known() made {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tried
}

// learn stores the list of source files that a later build got from go list.
func (a *artefacts) learn(from *inputs) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tried.from = from
}

// edited reports whether the sources have changed since the last build. It knows that only
// for cogs that are watched, and reports false for others.
func (a *artefacts) edited() bool {
	tried := a.known()
	return tried.from != nil && tried.from.state() != tried.state
}

// offer stores the watcher's build for the next Setup.
func (a *artefacts) offer(m *made) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ready = m
}

// take returns the watcher's build if the sources have not changed since, and otherwise
// nil.
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

// before returns the artefact that served before the present one.
func (a *artefacts) before() (Artefact, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.serving {
		return Artefact{}, errors.New("it has not served yet, so there is no build to go back to")
	}
	last := len(a.order) - 1
	for _, path := range slices.Backward(a.order[:last]) {
		if intact(path) {
			return Artefact{Path: path, Revision: revisionOf(path)}, nil
		}
	}
	return Artefact{}, fmt.Errorf("the cache has no build from before %s", revisionOf(a.order[last]))
}

// serves records that the artefact at path has started to serve. After a rollback, the
// artefacts that served later leave the order, so that nobody goes back to them.
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

// last returns the artefact that serves, or served last. It returns "" if none has served
// in this run of the bot.
func (a *artefacts) last() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.serving { // a restart must not start an artefact of an earlier run
		return ""
	}
	return a.order[len(a.order)-1]
}

func there(path string) bool {
	_, err := os.Stat(path)
	return path != "" && err == nil
}

// cache returns the folder for the artefacts of the cog, and makes it if necessary.
func (a *artefacts) cache(dir string) (string, error) {
	root := a.opts.Cache
	if root == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no folder for the executables; set process.Options.Cache: %w", err)
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
