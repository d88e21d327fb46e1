package loadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/wire"
)

// A run is a plan that is carried out. Moments are since began.
type run struct {
	Plan
	program *scenario.Program
	slots   []*slot
	record  *recorder
	conns   counter
	sleep   sleeper
	began   time.Time
	stopAt  time.Duration // when no more calls are made; 0: it is Count that ends it

	ctx    context.Context // of the calls: done when they are not waited for any more
	cancel context.CancelFunc
	stop   context.CancelFunc // ends the making of calls

	seq      atomic.Uint64 // calls
	measured atomic.Int64  // those that count
	missed   atomic.Int64
	churned  atomic.Int64
	cuts     atomic.Int64

	mu      sync.Mutex // protects the fields below
	end     End        // why the making of calls has ended, once it has
	endedBy string
	endErr  error // of EndRefused and EndLost
}

// Run carries out p and returns what was found. It returns when the calls have
// ended and the connections are closed. When ctx is done it stops early, and the
// report says so. The error, with which there is no report, is that of a plan that
// cannot be carried out, or of a bot that was not reached to begin with; then a
// [*wire.Error] is in its tree. The bot's side of the report is there if the bot
// tells it, which those of the Python package do not.
func Run(ctx context.Context, p Plan) (*Report, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	program, err := p.Scenario.Compile()
	if err != nil {
		return nil, fmt.Errorf("loadtest: %w", err)
	}
	if p.Seed == 0 {
		p.Seed = rand.Uint64()>>12 | 1 // JSON numbers keep it
	}
	r := &run{Plan: p, program: program}
	var names []string
	for _, route := range program.Routes {
		names = append(names, route.Name)
	}
	r.record = newRecorder(names, p.Warmup, min(runtime.GOMAXPROCS(0), 8))
	if p.Duration > 0 {
		r.stopAt = p.Warmup + p.Duration
	}
	open := p.opener()
	for range p.Connections {
		r.slots = append(r.slots, &slot{open: open, tap: newTap(p.dial(), &r.conns)})
	}
	defer func() { closeAll(r.slots) }()
	connect := newHistogram()
	var mu sync.Mutex // protects connect
	if err := openAll(ctx, r.slots, func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		record(connect, d)
	}); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	report := r.execute(ctx)
	report.Lines.Connect = latencyOf(connect, false)
	return report, r.endErr
}

// execute makes the calls and watches.
func (r *run) execute(ctx context.Context) *Report {
	r.ctx, r.cancel = context.WithCancel(context.Background()) // calls outlive ctx by Grace
	defer r.cancel()
	making, stop := context.WithCancel(ctx)
	r.stop = stop
	defer stop()
	r.sleep = newSleeper()
	defer r.sleep.close()

	server := newObserver(r) // before the clock starts: a bot may be slow to say that it does not tell
	r.began = time.Now()
	w := newWatch(r, server)
	side, release := context.WithCancel(context.Background())
	defer release()
	var beside sync.WaitGroup // churn and faults, which end with side
	beside.Go(func() { r.churn(making) })
	faults := r.disturb(side, making, &beside)
	var watching sync.WaitGroup
	watched := make(chan struct{})
	watching.Go(func() { w.watch(watched) })

	if r.open() {
		r.openLoop(making)
	} else {
		r.closedLoop(making)
	}
	ended, used := r.now(), readUsage() // faults and the last question to the bot may take longer
	r.finish(EndDone, "", nil)
	if ctx.Err() != nil {
		r.finish(EndInterrupted, "", nil)
	}
	close(watched)
	watching.Wait()
	release()
	beside.Wait()
	return w.report(faults, ended, used)
}

// now returns the moment.
func (r *run) now() time.Duration { return time.Since(r.began) }

// finish ends the making of calls. The first reason stays, but for EndDone.
func (r *run) finish(end End, why string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end == "" || r.end == EndDone && end == EndInterrupted {
		r.end, r.endedBy, r.endErr = end, why, err
	}
	r.stop()
}

// A caller makes calls, one at a time.
type caller struct {
	run    *run
	shard  *shard
	drawer *scenario.Drawer
	data   []byte
}

func (r *run) newCaller(n int) *caller {
	return &caller{
		run:    r,
		shard:  r.record.shards[n%len(r.record.shards)],
		drawer: r.program.Draw(r.Seed, uint64(n)),
	}
}

// make makes call seq, which was due at a moment, on s. It returns the code of its
// error.
func (c *caller) make(s *slot, seq uint64, due time.Duration) wire.Code {
	r := c.run
	route, data, err := c.drawer.Next(c.data[:0], seq)
	c.data = data
	if err != nil {
		r.finish(EndAborted, err.Error(), nil)
		return wire.BadRequest
	}
	of := &r.program.Routes[route]
	ctx := r.ctx
	if of.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, of.Timeout)
		defer cancel()
	}
	u := s.take()
	m := made{route: route, sent: r.now(), due: due}
	r.record.begin(c.shard, m.due)
	m.err = u.call(ctx, of.Name, data)
	m.ended = r.now()
	s.giveBack(u)
	m.outcome, m.code = judge(m.err, of.Expect)
	r.record.end(c.shard, &m)
	if m.outcome == failed {
		r.refused(&m)
	}
	return m.code
}

// refused ends a run whose very first answer says that there is no such route, or
// that the secret is wrong: all others would say the same.
func (r *run) refused(m *made) {
	if m.code != wire.NoRoute && m.code != wire.Unauthorized && m.code != wire.Forbidden {
		return
	}
	if r.record.everAnswered(m.route, m.code) {
		return
	}
	r.finish(EndRefused, m.err.Error(), m.err)
}
