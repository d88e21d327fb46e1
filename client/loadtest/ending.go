package loadtest

import (
	"context"
	"sync"
)

// An ending holds the reason for which a run stopped making calls.
type ending struct {
	stop   context.CancelFunc // ends the sending phase
	cancel context.CancelFunc // cancels the calls that are under way

	mu     sync.Mutex // protects the fields below
	reason End        // "" during the sending phase
	text   string     // Report.EndedBy
	err    error      // for EndScenario, EndRefused and EndLost
}

// finish ends the sending phase. If it is called again, the first reason stays.
func (e *ending) finish(reason End, text string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reason == "" {
		e.reason, e.text, e.err = reason, text, err
	}
	e.stop()
}

// abort ends the sending phase as finish does, and cancels the calls that are under
// way.
func (e *ending) abort(reason End, text string, err error) {
	e.finish(reason, text, err)
	e.cancel()
}
