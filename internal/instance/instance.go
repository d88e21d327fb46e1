// Package instance holds what one Setup of a cog has recorded, and takes it through its
// life until its cleanups have run. Authors of cogs do not see this package: the packages
// that run cogs, or that pass their calls on to other processes, use it.
package instance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// An Instance is the result of one Setup of a cog. One goroutine at a time takes it through
// its life: Open, Restore, Start, Stop, Save, Close.
//
// If a function of the cog does not end within the limit of these methods, they leave it
// behind: they return, and the function runs on. The Instance remembers it, and begins
// nothing that must not run at the same time before the function has ended.
type Instance struct {
	r       *Recorder
	cancel  context.CancelFunc // cancels the tasks; nil before Start
	setup   <-chan struct{}    // closed when Setup has ended
	tasks   <-chan struct{}    // closed when the tasks of every Start have ended
	killed  *errand            // runs the functions of Recorder.Kill; nil before Kill
	errands <-chan struct{}    // closed when Setup and every save, restore, kill and cleanup so far has ended
}

// setupGrace is how long Open waits for a Setup to return after it has cancelled its
// context. Then it leaves the Setup behind.
const setupGrace = time.Second

// Options are the facts that Open passes to a Setup.
type Options struct {
	Generation uint64 // the number of the instance
	Reason     Reason // the reason why the bot runs the Setup
	Reload     func() // the function behind RequestReload; it does not block
	Host       Host   // nil if the cog has no host
}

// Open runs c's Setup. The error is the one that Setup returned or panicked with, or says
// that Setup passed its time limit. Open returns an Instance in any case: if Setup failed,
// Close runs the cleanups that it has recorded, once it has ended.
func Open(ctx context.Context, c Spec, o Options) (*Instance, error) {
	none := make(chan struct{})
	close(none)
	r := &Recorder{cog: c, generation: o.Generation, reason: o.Reason, reload: o.Reload, host: o.Host, names: map[string]bool{}}
	i := &Instance{r: r, setup: none, tasks: none, errands: none}
	if err := c.check(); err != nil {
		return i, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.SetupTimeout, 30*time.Second))
	defer cancel()
	setup := begin(func() error {
		defer func() { i.r.sealed = true }()
		return c.Setup(ctx, i.r)
	})
	i.setup, i.errands = setup.ended, setup.ended
	if setup.wait(ctx) && ctx.Err() == nil {
		return i, setup.err
	}
	why := fmt.Errorf("Setup was canceled: %w", ctx.Err())
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = fmt.Errorf("Setup did not end in time: %w", ctx.Err())
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), setupGrace)
	defer cancel()
	if setup.wait(grace) {
		why = errors.Join(why, setup.err) // its error may name the thing that it was waiting for
	}
	return i, why
}

// Cog returns the cog of the instance.
func (i *Instance) Cog() Spec { return i.r.cog }

// Endpoints returns the routes of the instance.
func (i *Instance) Endpoints() []*Endpoint { return i.r.endpoints }

// Listeners returns the listeners of the instance.
func (i *Instance) Listeners() []Listener { return i.r.listeners }

// Keeps reports whether the instance has values that survive a reload.
func (i *Instance) Keeps() bool { return len(i.r.keeps) > 0 }

// Revision returns the arguments of [Recorder.Revision]. The id is empty if Setup has not
// recorded any.
func (i *Instance) Revision() (id string, took time.Duration) { return i.r.revision, i.r.built }

// Errands returns a channel that is closed when every function of the cog has ended that
// the other methods have begun so far, except the tasks.
func (i *Instance) Errands() <-chan struct{} { return i.errands }

// run runs f when the errands before it have ended, and waits for f until ctx is done.
func (i *Instance) run(ctx context.Context, f func() error) error {
	e := begin(func() error {
		if ctx.Err() != nil {
			return ErrLeftBehind // the caller of run has stopped waiting
		}
		return f()
	}, i.errands)
	i.errands = e.ended
	if !e.wait(ctx) {
		return ErrLeftBehind
	}
	return e.err
}

// State holds the values that an instance keeps: the JSON text of each value, by its name.
type State map[string]json.RawMessage

// Save returns the values that the instance keeps. The caller ensures that no call and no
// task of [Recorder.Go] runs meanwhile. If ctx ends first, the error is [ErrLeftBehind],
// and a save function may still be reading.
func (i *Instance) Save(ctx context.Context) (State, error) {
	var saved State
	err := i.run(ctx, func() error {
		state := State{}
		for _, k := range i.r.keeps {
			text, err := k.text()
			if err != nil {
				return fmt.Errorf("save %q: %w", k.name, err)
			}
			state[k.name] = text
		}
		saved = state
		return nil
	})
	if err != nil {
		return nil, err // do not read saved: the function may still be writing it
	}
	return saved, nil
}

// Restore passes the saved values of the instance before to the restore functions of this
// one. It ignores saved values that this instance does not keep, and does not touch kept
// values that were not saved. If ctx ends first, the error is [ErrLeftBehind].
func (i *Instance) Restore(ctx context.Context, state State) error {
	return i.run(ctx, func() error {
		for _, k := range i.r.keeps {
			text, ok := state[k.name]
			if !ok {
				continue
			}
			if err := Protect(func() error { return k.restore(text) }); err != nil {
				return fmt.Errorf("restore %q: %w", k.name, err)
			}
		}
		return nil
	})
}

// SaveValue saves one value. It has no time limit.
func (i *Instance) SaveValue(name string) ([]byte, error) {
	for _, k := range i.r.keeps {
		if k.name == name {
			return k.text()
		}
	}
	return nil, errors.New("nothing of that name is kept")
}

// RestoreValue restores one value. It has no time limit.
func (i *Instance) RestoreValue(name string, text []byte) error {
	for _, k := range i.r.keeps {
		if k.name == name {
			return Protect(func() error { return k.restore(text) })
		}
	}
	return errors.New("nothing of that name is kept")
}

// Kept returns the names of the values that the instance keeps.
func (i *Instance) Kept() []string {
	var names []string
	for _, k := range i.r.keeps {
		names = append(names, k.name)
	}
	return names
}

// text saves one value.
func (k *keep) text() ([]byte, error) {
	var text []byte
	err := Protect(func() (err error) { text, err = k.save(); return err })
	if err == nil && !json.Valid(text) {
		err = errors.New("not JSON")
	}
	return text, err
}

// Close runs the cleanups when the tasks and the errands have ended, the last recorded
// first. It joins the errors of the cleanups that panicked. The caller ensures that no call
// runs. If ctx ends first, the error is [ErrLeftBehind]; the cleanups then go on, or begin
// as soon as the tasks and errands have ended.
func (i *Instance) Close(ctx context.Context) error {
	e := begin(func() error {
		var errs []error
		for _, f := range slices.Backward(i.r.cleanups) {
			if err := Protect(func() error { f(); return nil }); err != nil {
				errs = append(errs, fmt.Errorf("cleanup: %w", err))
			}
		}
		i.r.cleanups = nil
		return errors.Join(errs...)
	}, i.tasks, i.errands)
	i.errands = e.ended
	if !e.wait(ctx) {
		return ErrLeftBehind
	}
	return e.err
}
