package process

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// debounce is how long the sources must be left alone before they are looked at:
// editors save in several steps, and several files at once.
const debounce = 100 * time.Millisecond

// A watcher builds a cog when its sources are saved, and asks for a reload when
// that has made another artefact. It is a task of the instance that serves, so
// there is one at a time; what must outlive it is in the source.
type watcher struct {
	artefacts *artefacts
	reload    func()
	notify    *fsnotify.Watcher

	building *building // nil: nothing is
	problem  string    // what was logged last: the same is not said twice
	blind    bool      // it was logged that a folder cannot be watched
}

// A building is a build that runs.
type building struct {
	from   *inputs
	state  string // of from when it began
	cancel context.CancelFunc
	done   chan struct{}
	made   made // and err: set when done is closed
	err    error
}

// watches reports whether the sources are watched while the cog serves.
func (a *artefacts) watches() bool { return a.opts.Watch && a.opts.Binary == "" }

// isWatched reports whether an instance serves whose watcher sees what is saved.
func (a *artefacts) isWatched() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.watchers > 0
}

// warn says, once until a reload succeeds, what to do when a save is not enough:
// watchers end with their instances.
func (a *artefacts) warn() {
	a.mu.Lock()
	said, served := a.warned, a.serving
	a.warned = true
	a.mu.Unlock()
	switch {
	case said || !a.watches():
	case served:
		a.opts.Logger.Warn(fmt.Sprintf("the sources are looked at when the cog restarts; once it has failed for good \"cogbus reload %s\" revives it", a.name), "cog", a.name)
	default:
		a.opts.Logger.Warn("the sources are not watched before the cog has served: load it again when they are mended", "cog", a.name)
	}
}

// calm lets warn say it again.
func (a *artefacts) calm() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.warned = false
}

// attend counts the watchers that run.
func (a *artefacts) attend(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watchers += n
}

// watch watches the sources until ctx ends. That it cannot is no reason for the
// cog to fail.
func (a *artefacts) watch(ctx context.Context, reload func()) {
	if a.known().from == nil {
		return // it was not built here
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		a.opts.Logger.Error("the sources are not watched", "cog", a.name, "err", err)
		return
	}
	defer notify.Close()
	a.attend(1)
	defer a.attend(-1)
	w := &watcher{artefacts: a, reload: reload, notify: notify}
	w.run(ctx)
}

func (w *watcher) run(ctx context.Context) {
	defer w.giveUp()
	w.follow()
	settled := time.NewTimer(0) // something may have been saved while nobody watched
	defer settled.Stop()
	for {
		var done chan struct{}
		if w.building != nil {
			done = w.building.done
		}
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if e.Op != fsnotify.Chmod && w.artefacts.known().from.concerns(e.Name) {
				settled.Reset(debounce)
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			// events may be lost: a look at the sources tells as much
			w.artefacts.opts.Logger.Warn("watching the sources", "cog", w.artefacts.name, "err", err)
			settled.Reset(debounce)
		case <-settled.C:
			if w.rebuildIfChanged(ctx) {
				settled.Reset(debounce)
			}
		case <-done:
			if ctx.Err() != nil {
				return // that has ended the build
			}
			if w.built() {
				settled.Reset(debounce)
			}
		}
	}
}

// rebuildIfChanged builds if the sources are not what was built last. It asks to be called
// again while a Setup builds: that may be just what it would.
func (w *watcher) rebuildIfChanged(ctx context.Context) (again bool) {
	if w.artefacts.isBusy() {
		return true
	}
	w.follow()
	known := w.artefacts.known()
	state := known.from.state()
	switch b := w.building; {
	case b != nil && b.state == state:
		return false // it builds just that
	case b == nil && known.state == state:
		w.artefacts.opts.Logger.Debug("the sources are what they were", "cog", w.artefacts.name)
		return false
	}
	w.giveUp()
	ctx, cancel := context.WithCancel(ctx)
	b := &building{from: known.from, state: state, cancel: cancel, done: make(chan struct{})}
	w.building = b
	go func() { // giveUp and built wait for it
		defer close(b.done)
		defer cancel()
		b.made, b.err = w.artefacts.build(ctx)
	}()
	return false
}

// giveUp ends the build that runs, if one does.
func (w *watcher) giveUp() {
	if w.building != nil {
		w.building.cancel()
		<-w.building.done
		w.building = nil
	}
}

// built takes the outcome of a build. If the sources have changed since that
// began, or a Setup builds too, it is of no use: the next look knows more.
func (w *watcher) built() (again bool) {
	b := w.building
	w.building = nil
	m, log := b.made, w.artefacts.opts.Logger
	if m.from == nil {
		m.from, m.state = b.from, b.state
	}
	if w.artefacts.isBusy() {
		return true
	}
	w.artefacts.learn(m.from)
	w.follow()
	if m.from.state() != m.state {
		log.Debug("the sources have changed during the build", "cog", w.artefacts.name)
		return true
	}
	w.artefacts.remember(m)
	switch {
	case b.err != nil:
		w.complain(b.err)
		return false
	case w.problem != "":
		w.problem = ""
		log.Info("the cog builds again", "cog", w.artefacts.name, "build", m.Revision)
	}
	if m.Path == w.artefacts.last() {
		log.Debug("the artefact is what it was", "cog", w.artefacts.name, "build", m.Revision)
		return false
	}
	w.artefacts.offer(&m)
	w.reload()
	return false
}

// complain logs what the compiler says, a line for each error.
func (w *watcher) complain(err error) {
	text := err.Error()
	if text == w.problem {
		return
	}
	w.problem = text
	for line := range strings.Lines(text) {
		w.artefacts.opts.Logger.Error("the cog does not build; what serves goes on", "cog", w.artefacts.name, "err", strings.TrimSpace(line))
	}
}
