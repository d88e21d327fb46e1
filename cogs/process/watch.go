package process

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// debounce is how long the sources must stay unchanged before the watcher examines them,
// since editors save in several steps, and several files at once.
const debounce = 100 * time.Millisecond

// A watcher builds a cog when people save its sources, and requests a reload if the build
// has made a different artefact. It is a task of the instance that serves, so there is only
// one at a time. State that must outlive the instance is in artefacts.
type watcher struct {
	artefacts *artefacts
	reload    func()
	notify    *fsnotify.Watcher

	building *building // nil if no build runs
	problem  string    // the error that was logged last, which is not logged twice
	blind    bool      // an error about a folder that cannot be watched was logged
}

// A building is a build of the watcher that runs.
type building struct {
	from   *inputs
	state  string // the state of from when the build began
	cancel context.CancelFunc
	done   chan struct{}
	made   made // made and err are set when done is closed
	err    error
}

// watches reports whether the sources are to be watched while the cog serves.
func (a *artefacts) watches() bool { return a.opts.Watch && a.opts.Binary == "" }

// isWatched reports whether an instance serves whose watcher notices a save.
func (a *artefacts) isWatched() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.watchers > 0
}

// warn logs which command the developer must run when a save is not enough, since watchers
// end with their instances. It logs that only once until a reload succeeds.
func (a *artefacts) warn() {
	a.mu.Lock()
	said, served := a.warned, a.serving
	a.warned = true
	a.mu.Unlock()
	switch {
	case said || !a.watches():
	case served:
		a.opts.Logger.Warn(fmt.Sprintf("the sources are not watched while the cog does not serve; a restart builds them if they were edited; if the cog stays failed, run \"cogbus reload %s\"", a.name), "cog", a.name)
	default:
		a.opts.Logger.Warn("the sources are not watched before the cog has served; correct them and load the cog again", "cog", a.name)
	}
}

// calm lets warn log its advice again.
func (a *artefacts) calm() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.warned = false
}

// attend adds n to the number of watchers that run.
func (a *artefacts) attend(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watchers += n
}

// watch watches the sources until ctx ends. If it cannot watch them, it logs that, and the
// cog goes on serving.
func (a *artefacts) watch(ctx context.Context, reload func()) {
	if a.known().from == nil {
		return // the cog was not built in this run of the bot
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
	settled := time.NewTimer(0) // sources may have been saved while no watcher ran
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
			// events may be lost, so compare the sources themselves
			w.artefacts.opts.Logger.Warn("watching the sources", "cog", w.artefacts.name, "err", err)
			settled.Reset(debounce)
		case <-settled.C:
			if w.rebuildIfChanged(ctx) {
				settled.Reset(debounce)
			}
		case <-done:
			if ctx.Err() != nil {
				return // the build was canceled with ctx
			}
			if w.built() {
				settled.Reset(debounce)
			}
		}
	}
}

// rebuildIfChanged starts a build if the sources differ from those of the last build. While
// a Setup builds, it does nothing and returns true, and run calls it again later: the Setup
// may be building the same sources.
func (w *watcher) rebuildIfChanged(ctx context.Context) (again bool) {
	if w.artefacts.isBusy() {
		return true
	}
	w.follow()
	known := w.artefacts.known()
	state := known.from.state()
	switch b := w.building; {
	case b != nil && b.state == state:
		return false // that state is being built already
	case b == nil && known.state == state:
		w.artefacts.opts.Logger.Debug("the sources have not changed", "cog", w.artefacts.name)
		return false
	}
	w.giveUp()
	ctx, cancel := context.WithCancel(ctx)
	b := &building{from: known.from, state: state, cancel: cancel, done: make(chan struct{})}
	w.building = b
	go func() { // ends with the build; giveUp and run wait for it
		defer close(b.done)
		defer cancel()
		b.made, b.err = w.artefacts.build(ctx)
	}()
	return false
}

// giveUp cancels the build that runs, if there is one, and waits for its end.
func (w *watcher) giveUp() {
	if w.building != nil {
		w.building.cancel()
		<-w.building.done
		w.building = nil
	}
}

// built takes the outcome of a build. If the sources have changed meanwhile, or a Setup
// builds too, it drops the outcome and returns true: run then compares the sources again.
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
		log.Debug("the artefact has not changed", "cog", w.artefacts.name, "build", m.Revision)
		return false
	}
	w.artefacts.offer(&m)
	w.reload()
	return false
}

// complain logs the compiler's messages, a line for each.
func (w *watcher) complain(err error) {
	text := err.Error()
	if text == w.problem {
		return
	}
	w.problem = text
	for line := range strings.Lines(text) {
		w.artefacts.opts.Logger.Error("the cog does not build; the old code goes on serving", "cog", w.artefacts.name, "err", strings.TrimSpace(line))
	}
}
