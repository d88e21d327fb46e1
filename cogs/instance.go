package cogs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// An Instance is one Setup of a cog. Only a runtime needs it; one goroutine at
// a time drives it through its life: Open, Restore, Start, Stop, Save, Close.
type Instance struct {
	r      *Registrar
	cancel context.CancelFunc // ends the tasks; nil before Start
	tasks  *sync.WaitGroup    // of the last Start
	ended  chan struct{}      // of the last Stop: closed when those tasks have ended
}

// Open runs c's Setup. If it fails, panics or passes its time limit, the
// cleanups recorded so far have run and the error says what happened; a Setup
// that ignores its context is left behind, and its cleanups run when it
// returns. reload is what RequestReload calls.
func Open(ctx context.Context, c Cog, reload func()) (*Instance, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.SetupTimeout == 0 {
		c.SetupTimeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, c.SetupTimeout)
	i := &Instance{r: &Registrar{cog: c, names: map[string]bool{}, reload: reload}}
	done := make(chan error)
	late := make(chan struct{})
	go func() { // ends with Setup; when Open has given up it cleans up alone
		defer cancel()
		err := errors.New("runtime.Goexit in Setup")
		defer func() {
			if v := recover(); v != nil {
				err = &Panic{Value: v, Stack: debug.Stack()}
			}
			i.r.sealed = true
			if err != nil {
				err = errors.Join(tame(err), i.Close())
			}
			select {
			case done <- err:
			case <-late:
				_ = i.Close()
			}
		}()
		err = c.Setup(ctx, i.r)
	}()
	select {
	case err := <-done:
		if err != nil {
			return nil, err
		}
		return i, nil
	case <-ctx.Done():
	}
	why := fmt.Errorf("Setup was given up: %w", ctx.Err())
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = fmt.Errorf("Setup did not end in time: %w", ctx.Err())
	}
	select {
	case err := <-done: // it was cancelled and did return
		if err == nil {
			return nil, errors.Join(why, i.Close())
		}
		return nil, errors.Join(why, err) // what it was waiting for, perhaps
	case <-time.After(setupGrace):
		close(late)
	}
	return nil, why
}

// setupGrace is how long a cancelled Setup may take to return before it is left
// behind.
const setupGrace = time.Second

// Cog returns the cog that i is an instance of.
func (i *Instance) Cog() Cog { return i.r.cog }

// Endpoints returns the routes of the instance.
func (i *Instance) Endpoints() []*Endpoint { return i.r.endpoints }

// Listeners returns the events that the instance listens to.
func (i *Instance) Listeners() []Listener { return i.r.listeners }

// Tasks reports whether tasks of Go run beside the calls of the instance.
func (i *Instance) Tasks() bool { return len(i.r.tasks) > 0 }

// Keeps reports whether the instance keeps anything over reloads.
func (i *Instance) Keeps() bool { return len(i.r.keeps) > 0 }

// Start starts the tasks and the tickers. ctx is theirs. A tick is handed to
// run, which returns when it has run; failed is called for each task that ends
// with an error or a panic. If run is nil, somebody else has the tickers.
//
// An instance that was stopped may be started again. Tasks that still run then
// do not run twice: the new ones wait until they have ended.
func (i *Instance) Start(ctx context.Context, run func(ctx context.Context, e *Endpoint), failed func(error)) {
	ctx, i.cancel = context.WithCancel(ctx)
	i.tasks = new(sync.WaitGroup)
	before := i.ended
	mayRun := func() bool {
		if before != nil {
			select {
			case <-before:
			case <-ctx.Done():
			}
		}
		return ctx.Err() == nil
	}
	for _, task := range slices.Concat(i.r.watches, i.r.tasks) {
		i.tasks.Go(func() {
			if !mayRun() {
				return
			}
			if err := protect(func() error { return task(ctx) }); err != nil && ctx.Err() == nil {
				failed(err)
			}
		})
	}
	for _, t := range i.r.ticks {
		if run == nil {
			break
		}
		i.tasks.Go(func() {
			if !mayRun() {
				return
			}
			ticker := time.NewTicker(t.every)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
				if ctx.Err() != nil {
					return
				}
				run(ctx, t.endpoint)
			}
		})
	}
}

// Stop tells the tasks and tickers to end and returns a channel that is closed
// when they have. Without Start there is nothing to wait for.
func (i *Instance) Stop() <-chan struct{} {
	if i.cancel == nil {
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	i.cancel()
	tasks, before, ended := i.tasks, i.ended, make(chan struct{})
	i.ended = ended
	go func() { // ends with the tasks
		tasks.Wait()
		if before != nil { // those of an earlier Start may still run
			<-before
		}
		close(ended)
	}()
	return ended
}

// Save returns what the instance keeps. Nothing of it may run meanwhile.
func (i *Instance) Save() (State, error) {
	state := State{}
	for _, k := range i.r.keeps {
		text, err := k.text()
		if err != nil {
			return nil, fmt.Errorf("save %q: %w", k.name, err)
		}
		state[k.name] = text
	}
	return state, nil
}

// SaveValue is Save for one value.
func (i *Instance) SaveValue(name string) ([]byte, error) {
	for _, k := range i.r.keeps {
		if k.name == name {
			return k.text()
		}
	}
	return nil, errors.New("nothing of that name is kept")
}

// RestoreValue is Restore for one value.
func (i *Instance) RestoreValue(name string, text []byte) error {
	for _, k := range i.r.keeps {
		if k.name == name {
			return protect(func() error { return k.restore(text) })
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
	err := protect(func() (err error) { text, err = k.save(); return err })
	if err == nil && !json.Valid(text) {
		err = errors.New("not JSON")
	}
	return text, err
}

// Restore hands the instance what its predecessor kept. Values of either that
// the other does not know are left alone.
func (i *Instance) Restore(state State) error {
	for _, k := range i.r.keeps {
		text, ok := state[k.name]
		if !ok {
			continue
		}
		if err := protect(func() error { return k.restore(text) }); err != nil {
			return fmt.Errorf("restore %q: %w", k.name, err)
		}
	}
	return nil
}

// Close runs the cleanups, last added first, and joins what they panicked with.
func (i *Instance) Close() error {
	var errs []error
	for _, f := range slices.Backward(i.r.cleanups) {
		if err := protect(func() error { f(); return nil }); err != nil {
			errs = append(errs, fmt.Errorf("cleanup: %w", err))
		}
	}
	i.r.cleanups = nil
	return errors.Join(errs...)
}

// protect runs f and turns a panic into an error.
func protect(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	return tame(f())
}

// tame returns err if others can look at it, and a *Panic if one of its methods
// panics. Those of a nil pointer in an error do.
func tame(err error) (out error) {
	if err == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			out = &Panic{Value: fmt.Sprintf("a method of the %T that was returned: %v", err, v), Stack: debug.Stack()}
		}
	}()
	_, _, _ = err.Error(), wire.CodeOf(err), wire.TypeName(err)
	return err
}

// Ticks returns what Every has recorded.
func (i *Instance) Ticks() []*Endpoint {
	var list []*Endpoint
	for _, t := range i.r.ticks {
		list = append(list, t.endpoint)
	}
	return list
}

// Intervals returns how often the ticks of Ticks come.
func (i *Instance) Intervals() []time.Duration {
	var list []time.Duration
	for _, t := range i.r.ticks {
		list = append(list, t.every)
	}
	return list
}

// Build returns what Registrar.Build has recorded; no name if nothing.
func (i *Instance) Build() (name string, took time.Duration) { return i.r.build, i.r.built }
