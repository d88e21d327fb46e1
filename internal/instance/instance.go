// Package instance is one Setup of a cog: what it has recorded, and its life until its
// cleanups have run. It is the side of package cogs that authors of cogs do not see:
// the packages that run cogs, or pass their calls on to other processes, use it.
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

// An Instance is one Setup of a cog. One goroutine at a time drives it through its
// life: Open, Restore, Start, Stop, Save, Close.
//
// Functions of the cog that do not end by the limits of these methods are left
// behind. The instance remembers them: nothing that would run beside them begins
// before they have ended.
type Instance struct {
	r       *Recorder
	cancel  context.CancelFunc // ends the tasks; nil before Start
	setup   <-chan struct{}    // closed when Setup has ended
	tasks   <-chan struct{}    // closed when those of every Start have ended
	killed  *errand            // of the Kill functions; nil before Kill
	errands <-chan struct{}    // closed when Setup, and all that was saved, restored, killed or cleaned up, has ended
}

// setupGrace is how long a cancelled Setup may take to return before it is left
// behind.
const setupGrace = time.Second

// Options are what Open gives to a Setup.
type Options struct {
	Generation uint64 // the number of the instance
	Reason     Reason // why the Setup runs
	Reload     func() // what RequestReload calls
	Host       Host   // nil: none
}

// Open runs c's Setup. The error says what
// Setup has returned or panicked with, or that it passed its time limit. An
// instance whose Setup fails is returned with the error: Close runs the cleanups
// that were recorded, once Setup has ended.
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
	why := fmt.Errorf("Setup was given up: %w", ctx.Err())
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = fmt.Errorf("Setup did not end in time: %w", ctx.Err())
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), setupGrace)
	defer cancel()
	if setup.wait(grace) {
		why = errors.Join(why, setup.err) // what it was waiting for, perhaps
	}
	return i, why
}

// Cog returns the cog that i is an instance of.
func (i *Instance) Cog() Spec { return i.r.cog }

// Endpoints returns the routes of the instance.
func (i *Instance) Endpoints() []*Endpoint { return i.r.endpoints }

// Listeners returns the events that the instance listens to.
func (i *Instance) Listeners() []Listener { return i.r.listeners }

// Keeps reports whether the instance keeps anything over reloads.
func (i *Instance) Keeps() bool { return len(i.r.keeps) > 0 }

// Revision returns what [Recorder.Revision] has recorded; no id if nothing.
func (i *Instance) Revision() (id string, took time.Duration) { return i.r.revision, i.r.built }

// Errands returns a channel that is closed when everything has ended that the
// other methods have run so far, tasks left out.
func (i *Instance) Errands() <-chan struct{} { return i.errands }

// run runs f when the errands before it have ended, until ctx is done.
func (i *Instance) run(ctx context.Context, f func() error) error {
	e := begin(func() error {
		if ctx.Err() != nil {
			return ErrLeftBehind // who has asked for it does not wait any more
		}
		return f()
	}, i.errands)
	i.errands = e.ended
	if !e.wait(ctx) {
		return ErrLeftBehind
	}
	return e.err
}

// State is what an instance keeps: the JSON text of each value by its name.
type State map[string]json.RawMessage

// Save returns what the instance keeps. The caller sees to it that no call and
// no task of [Recorder.Go] runs meanwhile. If ctx ends before, the error is
// [ErrLeftBehind]: what is kept may still be read.
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
		return nil, err // and not saved, which may still be written
	}
	return saved, nil
}

// Restore hands the instance what its predecessor kept. Values of either that
// the other does not know are left alone. If ctx ends before, the error is
// [ErrLeftBehind].
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

// SaveValue is Save for one value. It has no limit.
func (i *Instance) SaveValue(name string) ([]byte, error) {
	for _, k := range i.r.keeps {
		if k.name == name {
			return k.text()
		}
	}
	return nil, errors.New("nothing of that name is kept")
}

// RestoreValue is Restore for one value. It has no limit.
func (i *Instance) RestoreValue(name string, text []byte) error {
	for _, k := range i.r.keeps {
		if k.name == name {
			return Protect(func() error { return k.restore(text) })
		}
	}
	return errors.New("nothing of that name is kept")
}

// Kept returns the names of what the instance keeps.
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

// Close runs the cleanups, last added first, when the tasks and the errands have
// ended, and joins what they panicked with. The caller sees to it that no call
// runs. If ctx ends before, the error is [ErrLeftBehind], and the cleanups go on,
// or begin when they may.
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
