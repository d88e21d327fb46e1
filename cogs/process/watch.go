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
	src    *source
	reload func()
	notify *fsnotify.Watcher

	building *building // nil: nothing is
	problem  string    // what was logged last: the same is not said twice
	blind    bool      // it was logged that a folder cannot be watched
}

// A building is a build that runs.
type building struct {
	from   *sources
	state  string // of from when it began
	cancel context.CancelFunc
	done   chan struct{}
	made   made // and err: set when done is closed
	err    error
}

// watches reports whether the sources are watched while the cog serves.
func (s *source) watches() bool { return s.opts.Watch && s.opts.Binary == "" }

// isWatched reports whether an instance serves whose watcher sees what is saved.
func (s *source) isWatched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watchers > 0
}

// warn says, once until a reload succeeds, what to do when a save is not enough:
// watchers end with their instances.
func (s *source) warn() {
	s.mu.Lock()
	said, served := s.warned, s.serving
	s.warned = true
	s.mu.Unlock()
	switch {
	case said || !s.watches():
	case served:
		s.opts.Logger.Warn(fmt.Sprintf("the sources are looked at when the cog restarts; once it has failed for good \"cogbus reload %s\" revives it", s.name), "cog", s.name)
	default:
		s.opts.Logger.Warn("the sources are not watched before the cog has served: load it again when they are mended", "cog", s.name)
	}
}

// calm lets warn say it again.
func (s *source) calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warned = false
}

// attend counts the watchers that run.
func (s *source) attend(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers += n
}

// watch watches the sources until ctx ends. That it cannot is no reason for the
// cog to fail.
func (s *source) watch(ctx context.Context, reload func()) {
	if s.known().from == nil {
		return // it was not built here
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		s.opts.Logger.Error("the sources are not watched", "cog", s.name, "err", err)
		return
	}
	defer notify.Close()
	s.attend(1)
	defer s.attend(-1)
	w := &watcher{src: s, reload: reload, notify: notify}
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
			if e.Op != fsnotify.Chmod && w.src.known().from.concerns(e.Name) {
				settled.Reset(debounce)
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			// events may be lost: a look at the sources tells as much
			w.src.opts.Logger.Warn("watching the sources", "cog", w.src.name, "err", err)
			settled.Reset(debounce)
		case <-settled.C:
			if w.look(ctx) {
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

// look builds if the sources are not what was built last. It asks to be called
// again while a Setup builds: that may be just what it would.
func (w *watcher) look(ctx context.Context) (again bool) {
	if w.src.isBusy() {
		return true
	}
	w.follow()
	known := w.src.known()
	state := known.from.state()
	switch b := w.building; {
	case b != nil && b.state == state:
		return false // it builds just that
	case b == nil && known.state == state:
		w.src.opts.Logger.Debug("the sources are what they were", "cog", w.src.name)
		return false
	}
	w.giveUp()
	ctx, cancel := context.WithCancel(ctx)
	b := &building{from: known.from, state: state, cancel: cancel, done: make(chan struct{})}
	w.building = b
	go func() { // giveUp and built wait for it
		defer close(b.done)
		defer cancel()
		b.made, b.err = w.src.build(ctx)
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
	m, log := b.made, w.src.opts.Logger
	if m.from == nil {
		m.from, m.state = b.from, b.state
	}
	if w.src.isBusy() {
		return true
	}
	w.src.learn(m.from)
	w.follow()
	if m.from.state() != m.state {
		log.Debug("the sources have changed during the build", "cog", w.src.name)
		return true
	}
	w.src.try(m)
	switch {
	case b.err != nil:
		w.complain(b.err)
		return false
	case w.problem != "":
		w.problem = ""
		log.Info("the cog builds again", "cog", w.src.name, "build", m.Revision)
	}
	if m.Path == w.src.last() {
		log.Debug("the artefact is what it was", "cog", w.src.name, "build", m.Revision)
		return false
	}
	w.src.offer(&m)
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
		w.src.opts.Logger.Error("the cog does not build; what serves goes on", "cog", w.src.name, "err", strings.TrimSpace(line))
	}
}
