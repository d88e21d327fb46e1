package instance

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// Tasks reports whether the instance has tasks of Recorder.Go, which run while calls run.
func (i *Instance) Tasks() bool { return len(i.r.tasks) > 0 }

// Start starts the tasks and the tickers, which get ctx. For each tick it calls run, which
// returns when the tick has run; if run is nil, another process has the tickers. It calls
// failed for each task that ends with an error, a panic or runtime.Goexit.
//
// An instance that was stopped may be started again. If tasks or errands still run then,
// the new tasks begin when these have ended.
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
		go func() { // ends after Stop, as soon as the job obeys its context
			defer func() { // deferred, since a task may call runtime.Goexit
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

// Stop cancels the tasks and tickers, and returns a channel that is closed when they have
// ended. It may be called again. Without Start, the channel is closed already.
func (i *Instance) Stop() <-chan struct{} {
	if i.cancel != nil {
		i.cancel()
	}
	return i.tasks
}

// Ticks returns the endpoints of the ticks, in the order in which Setup recorded them.
func (i *Instance) Ticks() []*Endpoint {
	var list []*Endpoint
	for _, t := range i.r.ticks {
		list = append(list, t.endpoint)
	}
	return list
}

// Intervals returns the interval of each tick, in the order of Ticks.
func (i *Instance) Intervals() []time.Duration {
	var list []time.Duration
	for _, t := range i.r.ticks {
		list = append(list, t.every)
	}
	return list
}
