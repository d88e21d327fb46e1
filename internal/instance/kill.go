package instance

import (
	"context"
	"errors"
	"fmt"
)

// Kill runs the functions that [Recorder.Kill] has recorded. It runs them only once, while
// other code of the instance may run, and reports whether there are any. If ctx ends first,
// the error is [ErrLeftBehind].
func (i *Instance) Kill(ctx context.Context) (killed bool, err error) {
	select {
	case <-i.setup:
	default:
		return false, nil // Setup still runs and may record more
	}
	if len(i.r.kills) == 0 {
		return false, nil
	}
	if i.killed == nil {
		i.killed = begin(i.kill)
		// kill does not wait for the errands before it, so i.errands must wait for both
		i.errands = begin(func() error { return nil }, i.errands, i.killed.ended).ended
	}
	if !i.killed.wait(ctx) {
		return true, ErrLeftBehind
	}
	return true, i.killed.err
}

func (i *Instance) kill() error {
	var errs []error
	for _, f := range i.r.kills {
		if err := Protect(func() error { f(); return nil }); err != nil {
			errs = append(errs, fmt.Errorf("kill: %w", err))
		}
	}
	return errors.Join(errs...)
}
