package instance

import (
	"context"
	"errors"
	"runtime/debug"
)

// ErrLeftBehind is the error of a function of the cog that did not end in time. No code can
// end such a function: it runs on, and nothing else of its instance may run at the same
// time. A function of [Recorder.KeepFunc] returns ErrLeftBehind if it has asked another
// process to save or restore, and got no answer in time.
var ErrLeftBehind = errors.New("it did not end in time")

// ErrEnded is the error of a save function of [Recorder.KeepFunc] when the process that
// held the value has exited. A reload then goes on with the value saved last.
var ErrEnded = errors.New("the process of the cog has ended")

// An errand runs a function of the cog in a goroutine of its own, so that the goroutine
// which waits for the function can give up.
type errand struct {
	ended chan struct{}
	err   error // set when ended is closed
}

// begin runs f when all channels of before are closed.
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

// wait waits until the errand or ctx ends, and reports whether the errand has ended.
func (e *errand) wait(ctx context.Context) bool {
	select {
	case <-e.ended:
		return true
	case <-ctx.Done():
	}
	select {
	case <-e.ended: // it ended together with ctx, which is in time
		return true
	default:
		return false
	}
}

// Protect runs f in a goroutine of its own and returns the error of f. If f panics or calls
// runtime.Goexit, the error is a *[Panic]: a Goexit would otherwise end the goroutine of
// the caller.
func Protect(f func() error) error {
	e := begin(f)
	<-e.ended
	return e.err
}

// guard runs f and passes its outcome to done. If f calls runtime.Goexit, done is the last
// function that this goroutine runs.
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
