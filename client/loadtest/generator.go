package loadtest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/client/loadtest/internal/machine"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/wire"
)

// A generator makes the calls of a run, in an open or in a closed loop.
type generator struct {
	// Constant.
	plan      *Plan
	program   *scenario.Program
	checkData []bool // by route: the template may produce invalid JSON, so check each call's data
	conns     []*conns.Conn
	record    *recorder
	clock     *arrival.Clock
	ending    *ending
	calls     context.Context // the context of all calls
	stopAt    time.Duration   // the end of the sending phase; 0: Count ends it

	// Shared by the callers.
	callers sync.WaitGroup
	free    sync.Pool     // of *job
	seq     atomic.Uint64 // number of the last call
	taken   atomic.Int64  // calls taken from Plan.Count

	// Owned by the goroutine that calls send.
	ended chan struct{} // closed when all callers have ended; nil before the first allCalled
}

// A sendPhase is the state of the run when the sending phase ended.
type sendPhase struct {
	until    time.Duration // the end of the phase
	dueUntil time.Duration // in an open loop, the phase contains the calls that were due before this time
	answers  int64         // answers since the end of the warm-up
	used     machine.Reading
}

// send makes the calls until the sending phase ends, or until ctx is done. Calls may
// still be under way then.
func (g *generator) send(ctx context.Context) (phase sendPhase) {
	if g.plan.open() {
		phase.until, phase.dueUntil = g.openLoop(ctx)
	} else {
		phase.until = g.closedLoop(ctx)
	}
	return phase
}

// allCalled returns a channel that is closed when all callers have ended. Call it only
// when no more callers are started.
func (g *generator) allCalled() <-chan struct{} {
	if g.ended == nil {
		g.ended = make(chan struct{})
		go func() { // ends with the callers
			g.callers.Wait()
			close(g.ended)
		}()
	}
	return g.ended
}

// closedLoop starts callers that wait for each answer, and returns the time at which
// the sending phase ended. Where Count ends it, that is the time of the last answer,
// since some caller was about to call until then.
func (g *generator) closedLoop(ctx context.Context) time.Duration {
	for n := range g.plan.Callers * g.plan.Depth {
		g.callers.Go(func() { g.closedCaller(ctx, n) }) // ends with the sending phase
	}
	var over <-chan time.Time
	if g.stopAt > 0 {
		t := time.NewTimer(g.stopAt - g.clock.Now())
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
		return g.stopAt
	case <-g.allCalled():
	case <-ctx.Done():
	}
	if now := g.clock.Now(); g.stopAt == 0 || now < g.stopAt {
		return now
	}
	return g.stopAt
}

// refusedPause is the time that a caller of a closed loop waits after a refusal. A
// refusal takes almost no time, so a caller that called again at once would make
// and count millions of refused calls.
const refusedPause = 10 * time.Millisecond

// closedCaller is caller n of a closed loop.
func (g *generator) closedCaller(ctx context.Context, n int) {
	shard, conn := g.record.shard(n), g.conns[n/g.plan.Depth%len(g.conns)]
	draw := g.program.Draw(g.plan.Seed, uint64(n))
	var c job
	for ctx.Err() == nil {
		if !g.prepare(&c, draw) {
			return
		}
		c.due = g.clock.Now()
		if g.stopAt > 0 && c.due >= g.stopAt || !g.take(c.due) {
			return
		}
		wait := g.plan.Scenario.Think
		switch g.call(shard, conn, &c) {
		case wire.Unavailable, wire.Overloaded, wire.NoRoute:
			wait = max(wait, refusedPause)
		}
		if wait > 0 {
			arrival.Pause(ctx, wait)
		}
	}
}

// openLoop makes calls when they are due. No call waits for another one: an idle
// caller makes it, or a new caller. openLoop returns the end of the sending phase,
// and the time up to which its calls were due.
func (g *generator) openLoop(ctx context.Context) (until, dueUntil time.Duration) {
	dueUntil = g.pace(ctx)
	until = max(g.clock.Now(), dueUntil) // later than dueUntil if the generator was too slow
	if g.plan.Count > 0 {
		t := time.NewTimer(until - g.clock.Now())
		defer t.Stop()
		select {
		case <-t.C:
		case <-g.allCalled(): // nothing can happen in the rest of the last call's interval
			return until, dueUntil
		case <-ctx.Done():
		}
	} else {
		arrival.Pause(ctx, until-g.clock.Now()) // the phase includes a rate of zero at its end
	}
	if now := g.clock.Now(); now < until {
		until, dueUntil = now, min(now, dueUntil)
	}
	return until, dueUntil
}

// pace hands the calls to callers when they are due. It returns the time up to which
// calls were due. The callers end when pace has returned and their calls have ended.
func (g *generator) pace(ctx context.Context) time.Duration {
	jobs := make(chan *job)
	defer close(jobs)
	draw := g.program.Draw(g.plan.Seed, 0) // pace draws all calls itself, so that the same seed gives the same calls
	started := 0
	for when := g.plan.schedule(); ; {
		due, ok := when.Next()
		switch {
		case !ok || g.stopAt > 0 && due >= g.stopAt:
			return g.stopAt
		case !g.take(due):
			return due
		}
		c, _ := g.free.Get().(*job)
		if c == nil {
			c = new(job)
		}
		c.due = due
		if !g.prepare(c, draw) || !g.clock.SleepUntil(ctx, due) {
			return g.clock.Now()
		}
		if g.stopAt > 0 && g.clock.Now() >= g.stopAt+catchUp {
			g.missRest(when, due)
			return g.stopAt
		}
		select {
		case jobs <- c:
			continue
		default:
		}
		if started >= g.plan.MaxInFlight {
			g.record.miss(due)
			g.free.Put(c)
			continue
		}
		n := started
		started++
		g.callers.Go(func() { g.openCaller(n, c, jobs) }) // ends when pace closes jobs
	}
}

// catchUp is the time after the end of the sending phase in which an open loop still
// makes calls that were due in it. A generator that stumbled in the last moments
// catches up and misses no call; a generator that is too slow does not go on for
// long.
const catchUp = 50 * time.Millisecond

// missRest counts the call that is due at a time, and all later ones, as missed,
// because the sending phase is over.
func (g *generator) missRest(when *arrival.Schedule, due time.Duration) {
	all, warm := 1+when.Left(g.stopAt), int64(0)
	if due < g.plan.Warmup {
		warm = 1 + when.Left(g.plan.Warmup)
	}
	measured := max(0, all-warm)
	if g.plan.Count > 0 {
		taken := g.taken.Load()
		if due >= g.plan.Warmup {
			taken-- // the call that is due has taken one
		}
		measured = min(measured, g.plan.Count-taken)
	}
	g.record.missRest(warm, measured)
}

// openCaller is caller n of an open loop. Its first call is c.
func (g *generator) openCaller(n int, c *job, jobs <-chan *job) {
	shard := g.record.shard(n)
	for ok := true; ok; c, ok = <-jobs {
		g.call(shard, g.conns[c.seq%uint64(len(g.conns))], c)
		g.free.Put(c)
	}
}

// take takes one of Count calls for the call that is due at a time. It reports
// whether one was left. The warm-up takes none.
func (g *generator) take(due time.Duration) bool {
	return g.plan.Count == 0 || due < g.plan.Warmup || g.taken.Add(1) <= g.plan.Count
}
