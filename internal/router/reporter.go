package router

import (
	"sync"

	"github.com/cogbus/cogbus/internal/workers"
)

// A reporter tells the user's code of failures, one after the other. It does so on a
// worker, since the user's code may hang, and the goroutine that meets a failure may be
// the reader of a connection.
type reporter struct {
	report func(failure)
	pool   *workers.Pool

	mu      sync.Mutex // protects the fields below
	queue   []failure
	dropped bool // the queue was full, and failures were dropped
	runs    bool // a worker is in run
}

type failure struct {
	endpoint, caller string
	err              error // nil: failures were dropped here
}

// maxFailures is the number of failures that wait for the user's code.
const maxFailures = 1024

func (r *reporter) add(f failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) >= maxFailures {
		r.dropped = true
		return
	}
	if r.dropped {
		r.dropped = false
		r.queue = append(r.queue, failure{})
	}
	r.queue = append(r.queue, f)
	if !r.runs {
		r.runs = true
		r.pool.Go(workers.Func(r.run))
	}
}

func (r *reporter) run() {
	for {
		r.mu.Lock()
		if len(r.queue) == 0 {
			r.runs = false
			r.mu.Unlock()
			return
		}
		f := r.queue[0]
		r.queue = r.queue[1:]
		r.mu.Unlock()
		r.report(f)
	}
}
