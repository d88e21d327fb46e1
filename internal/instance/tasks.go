package instance

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// Tasks reports whether tasks of Go run beside the calls of the instance.
func (i *Instance) Tasks() bool { return len(i.r.tasks) > 0 }

// Start starts the tasks and the tickers. ctx is theirs. A tick is handed to
// run, which returns when it has run; failed is called for each task that ends
// with an error, a panic or runtime.Goexit. If run is nil, somebody else has the
// tickers.
//
// An instance that was stopped may be started again. Tasks and errands that still
// run then do not get company: the new tasks wait until they have ended.
func (i *Instance) Start(ctx context.Context, run func(ctx context.Context, e *Endpoint), failed func(error)) {
	ctx, i.cancel = context.WithCancel(ctx)
	var jobs []func()
	for _, task := range slices.Concat(i.r.watches, i.r.tasks) {
		jobs = append(jobs, func() {
			guard(func() error { return task(ctx) }, func(err error) {
				if err != nil && ctx.Err() == nil {
					failed(err)
				}
			})
		})
	}
	for _, t := range i.r.ticks {
		if run != nil {
			jobs = append(jobs, func() { t.drive(ctx, run) })
		}
	}
	if len(jobs) == 0 {
		return
	}
	tasks, errands, ended := i.tasks, i.errands, make(chan struct{})
	i.tasks = ended
	var left atomic.Int64
	left.Store(int64(len(jobs)))
	for _, job := range jobs {
		go func() { // ends with Stop, if the job heeds its context
			defer func() { // deferred for a task that calls runtime.Goexit
				if left.Add(-1) == 0 {
					close(ended)
				}
			}()
			<-tasks
			<-errands
			if ctx.Err() == nil {
				job()
			}
		}()
	}
}

// drive runs the ticks of t until ctx is done.
func (t *tick) drive(ctx context.Context, run func(ctx context.Context, e *Endpoint)) {
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
}

// Stop tells the tasks and tickers to end and returns a channel that is closed
// when they have. It may be called again. Without Start there is nothing to wait
// for.
func (i *Instance) Stop() <-chan struct{} {
	if i.cancel != nil {
		i.cancel()
	}
	return i.tasks
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
