package loadtest

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/wire"
)

// closedLoop starts callers that wait for each answer. It returns when no more
// calls are made, and the moment: that of the last answer where Count ends the run,
// since until then somebody was about to call.
func (r *run) closedLoop(ctx context.Context) time.Duration {
	for n := range r.Callers * r.Depth {
		r.callers.Go(func() { r.call(ctx, n) })
	}
	var over <-chan time.Time
	if r.stopAt > 0 {
		t := time.NewTimer(r.stopAt - r.clock.Now())
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
		return r.stopAt
	case <-r.allCalled():
	case <-ctx.Done():
	}
	if now := r.clock.Now(); r.stopAt == 0 || now < r.stopAt {
		return now
	}
	return r.stopAt
}

// refusedPause is how long a caller waits after a refusal. Those take no time: who
// called again at once would count millions of them, and nothing else.
const refusedPause = 10 * time.Millisecond

// call is one caller of a closed loop.
func (r *run) call(ctx context.Context, n int) {
	shard, line := r.record.shard(n), r.conns[n/r.Depth%len(r.conns)]
	draw := r.program.Draw(r.Seed, uint64(n))
	var c job
	for ctx.Err() == nil {
		if !r.prepare(&c, draw) {
			return
		}
		c.due = r.clock.Now()
		if r.stopAt > 0 && c.due >= r.stopAt || !r.counted(c.due) {
			return
		}
		wait := r.Scenario.Think
		switch r.make(shard, line, &c) {
		case wire.Unavailable, wire.Overloaded, wire.NoRoute:
			wait = max(wait, refusedPause)
		}
		if wait > 0 {
			arrival.Pause(ctx, wait)
		}
	}
}

// openLoop makes calls when they are due. A call waits for no other: it is made by
// a caller that has nothing to do, or by a new one. openLoop returns when no more
// calls are made, the moment, and that up to which they were due.
func (r *run) openLoop(ctx context.Context) (until, dueUntil time.Duration) {
	dueUntil = r.pace(ctx)
	until = max(r.clock.Now(), dueUntil) // later than calls were due if they could not be made in time
	if r.Count > 0 {
		t := time.NewTimer(until - r.clock.Now())
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.allCalled(): // the rest of the last call's time can bring nothing
			return until, dueUntil
		case <-ctx.Done():
		}
	} else {
		arrival.Pause(ctx, until-r.clock.Now()) // a rate of zero at the end is part of the run
	}
	if now := r.clock.Now(); now < until {
		until, dueUntil = now, min(now, dueUntil)
	}
	return until, dueUntil
}

// pace gives the calls to callers when they are due, and returns the moment up to
// which they were. The callers end when they have no more.
func (r *run) pace(ctx context.Context) time.Duration {
	jobs := make(chan *job)
	defer close(jobs)
	draw := r.program.Draw(r.Seed, 0) // here, and not by callers: the calls are the same again with the same seed
	started := 0
	for when := r.schedule(); ; {
		due, ok := when.Next()
		switch {
		case !ok || r.stopAt > 0 && due >= r.stopAt:
			return r.stopAt
		case !r.counted(due):
			return due
		}
		c := r.free.Get().(*job)
		c.due = due
		if !r.prepare(c, draw) || !r.clock.SleepUntil(ctx, due) {
			return r.clock.Now()
		}
		if r.stopAt > 0 && r.clock.Now() >= r.stopAt+catchUp {
			r.missRest(when, due)
			return r.stopAt
		}
		select {
		case jobs <- c:
			continue
		default:
		}
		if started >= r.MaxInFlight {
			r.record.miss(due)
			r.free.Put(c)
			continue
		}
		n := started
		started++
		r.callers.Go(func() { r.serve(n, c, jobs) })
	}
}

// catchUp is how long after the end an open loop makes calls that were due before:
// one that has stumbled in its last moments misses none, and one that makes fewer
// calls than are due does not go on for long.
const catchUp = 50 * time.Millisecond

// missRest notes that the call that is due at a moment, and those after it, are not
// made, since the run is over.
func (r *run) missRest(when *arrival.Schedule, due time.Duration) {
	all, warm := 1+when.Left(r.stopAt), int64(0)
	if due < r.Warmup {
		warm = 1 + when.Left(r.Warmup)
	}
	measured := max(0, all-warm)
	if r.Count > 0 {
		taken := r.taken.Load()
		if due >= r.Warmup {
			taken-- // by the call that is due
		}
		measured = min(measured, r.Count-taken)
	}
	r.record.allMissed.Add(warm + measured)
	r.record.missed.Add(measured)
	r.record.late.Add(measured)
}

// serve is one caller of an open loop.
func (r *run) serve(n int, c *job, jobs <-chan *job) {
	shard := r.record.shard(n)
	for ok := true; ok; c, ok = <-jobs {
		r.make(shard, r.conns[c.seq%uint64(len(r.conns))], c)
		r.free.Put(c)
	}
}

// counted takes one of Count calls that are due now, or reports that there are no
// more.
func (r *run) counted(due time.Duration) bool {
	return r.Count == 0 || due < r.Warmup || r.taken.Add(1) <= r.Count
}
