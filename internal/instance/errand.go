package instance

import (
	"context"
	"errors"
	"runtime/debug"
)

// ErrLeftBehind says that a function of the cog did not end in time. Nobody can
// end it: it runs on, and nothing else of its instance may run beside it. A
// function of [Recorder.KeepFunc] returns it if what it has asked somebody else
// for was not done in time.
var ErrLeftBehind = errors.New("it did not end in time")

// ErrEnded says that what a function of [Recorder.KeepFunc] would save has ended, with
// the process that had it. A reload then goes on with what was saved last.
var ErrEnded = errors.New("what ran of the cog has ended")

// An errand is a function of the cog on a goroutine of its own, so that who
// waits for it can give up.
type errand struct {
	ended chan struct{}
	err   error // set when ended is closed
}

// begin runs f when all of before are closed.
func begin(f func() error, before ...<-chan struct{}) *errand {
	e := &errand{ended: make(chan struct{})}
	go func() { // ends with f
		for _, c := range before {
			<-c
		}
		guard(f, func(err error) {
			e.err = err
			close(e.ended)
		})
	}()
	return e
}

// wait reports whether the errand has ended. It waits for that until ctx is done.
func (e *errand) wait(ctx context.Context) bool {
	select {
	case <-e.ended:
		return true
	case <-ctx.Done():
	}
	select {
	case <-e.ended: // both at once: then it was in time
		return true
	default:
		return false
	}
}

// Protect runs f on a goroutine of its own and returns what f does. A panic of f
// becomes a *[Panic], and so does runtime.Goexit, which must not end the
// goroutine of who has called.
func Protect(f func() error) error {
	e := begin(f)
	<-e.ended
	return e.err
}

// guard runs f and tells done what became of it. If f calls runtime.Goexit, done
// is the last that this goroutine does.
func guard(f func() error, done func(error)) {
	returned := false
	var err error
	defer func() {
		if v := recover(); v != nil {
			err = newPanic(v, debug.Stack())
		} else if !returned {
			err = newPanic("runtime.Goexit was called", debug.Stack())
		}
		done(err)
	}()
	err = tame(f())
	returned = true
}
