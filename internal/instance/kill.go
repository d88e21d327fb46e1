package instance

import (
	"context"
	"errors"
	"fmt"
)

// Kill runs what [Recorder.Kill] has recorded, once and beside all that runs of
// the instance, and reports whether there was anything. If ctx ends before, the error
// is [ErrLeftBehind].
func (i *Instance) Kill(ctx context.Context) (killed bool, err error) {
	select {
	case <-i.setup:
	default:
		return false, nil // it may still record some
	}
	if len(i.r.kills) == 0 {
		return false, nil
	}
	if i.killed == nil {
		i.killed = begin(i.kill)
		// both it and the errands before it: it does not wait for them
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
