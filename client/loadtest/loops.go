package loadtest

import (
	"context"
	"sync"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// closedLoop makes calls by callers that wait for each answer. It returns when the
// calls have ended, or have been waited for long enough.
func (r *run) closedLoop(ctx context.Context) {
	var callers sync.WaitGroup
	for n := range r.Callers * r.Depth {
		callers.Go(func() { r.call(ctx, n) })
	}
	if r.stopAt > 0 {
		t := time.AfterFunc(r.stopAt, r.stop)
		defer t.Stop()
	}
	r.await(ctx, &callers)
}

// refusedPause is how long a caller waits after a refusal. Those take no time: who
// called again at once would count millions of them, and nothing else.
const refusedPause = 10 * time.Millisecond

// call is one caller of a closed loop.
func (r *run) call(ctx context.Context, n int) {
	c := r.newCaller(n)
	s := r.slots[n/r.Depth%len(r.slots)]
	for ctx.Err() == nil {
		now := r.now()
		if !r.counted(now) {
			return
		}
		code := c.make(s, r.seq.Add(1), now)
		wait := r.Scenario.Think
		if code == wire.Unavailable || code == wire.Overloaded {
			wait = max(wait, refusedPause)
		}
		if wait > 0 {
			pause(ctx, wait)
		}
	}
}

// counted takes one of Count calls that are due now, or reports that there are no
// more.
func (r *run) counted(due time.Duration) bool {
	return r.Count == 0 || due < r.Warmup || r.measured.Add(1) <= r.Count
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// await waits for the callers: after ctx is done, for Grace. Then it cancels the
// calls.
func (r *run) await(ctx context.Context, callers *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		callers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	t := time.AfterFunc(r.Grace, r.cancel)
	defer t.Stop()
	<-done
}

// A job is a call of an open loop that is due.
type job struct {
	due time.Duration
	seq uint64
}

// openLoop makes calls when they are due. A call waits for no other: it is made by
// a caller that has nothing to do, or by a new one.
func (r *run) openLoop(ctx context.Context) {
	var callers sync.WaitGroup
	jobs := make(chan job)
	started := 0
	when := newSchedule(&r.Plan)
	for {
		due, ok := when.take()
		if !ok || r.stopAt > 0 && due >= r.stopAt || !r.counted(due) || !r.sleepUntil(ctx, due) {
			break
		}
		j := job{due: due, seq: r.seq.Add(1)}
		select {
		case jobs <- j:
			continue
		default:
		}
		if started >= r.MaxInFlight {
			r.missed.Add(1)
			continue
		}
		n := started
		started++
		callers.Go(func() { r.serve(n, j, jobs) })
	}
	close(jobs)
	if ctx.Err() == nil && r.stopAt > 0 {
		r.sleepUntil(ctx, r.stopAt) // a rate of zero at the end is part of the run
	}
	r.stop()
	r.await(ctx, &callers)
}

// serve is one caller of an open loop.
func (r *run) serve(n int, j job, jobs <-chan job) {
	c := r.newCaller(n)
	for ok := true; ok; j, ok = <-jobs {
		c.make(r.slots[j.seq%uint64(len(r.slots))], j.seq, j.due)
	}
}

// sleepUntil waits for a moment, or reports that ctx is done.
func (r *run) sleepUntil(ctx context.Context, at time.Duration) bool {
	if d := at - r.now(); d > 0 {
		r.sleep.sleep(ctx, d)
	}
	return ctx.Err() == nil
}
