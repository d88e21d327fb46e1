package loadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/client/loadtest/internal/machine"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/wire"
)

// A run is a plan that is carried out. Moments are since began.
type run struct {
	Plan
	program   *scenario.Program
	doubtful  []bool // by route: its data is to be checked
	conns     []*conns.Conn
	record    *recorder
	connCount conns.Counter
	clock     *arrival.Clock
	stopAt    time.Duration // when no more calls are made; 0: it is Count that ends it

	ctx    context.Context // of the calls: done when they are not waited for any more
	cancel context.CancelFunc
	stop   context.CancelFunc // ends the making of calls

	callers   sync.WaitGroup         // end when no more calls are made, and theirs have ended
	allCalled func() <-chan struct{} // closed when they have; to be called when no more are started
	free      sync.Pool              // of *job

	seq     atomic.Uint64 // calls
	asked   atomic.Uint64 // calls of slow readers
	taken   atomic.Int64  // of Count
	churned atomic.Int64
	cuts    atomic.Int64

	mu      sync.Mutex // protects the fields below
	end     End        // why the making of calls has ended, once it has
	endedBy string
	endErr  error // of EndScenario, EndRefused and EndLost
}

// A making is what there was when the making of calls ended. Moments are since the
// run began.
type making struct {
	until    time.Duration // when that was
	dueUntil time.Duration // in an open loop: up to when calls were due that were made
	answers  int64         // that had come since the end of the warm-up
	used     machine.Reading
}

// Run carries out p and returns what was found. It returns when the calls have
// ended and the connections are closed. When ctx is done it stops early, waits for
// Grace, and the report says so. With [EndLost], [EndRefused] and [EndScenario] there
// is an error beside the report. One without a report is that of a plan that cannot
// be carried out, or of a bot that was not reached to begin with. In that of a bot
// there is a [*wire.Error]. The bot's side of the report is there if the bot tells it, which
// those of the Python package do not.
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
	r := &run{Plan: p, program: program, doubtful: doubtful(program.Routes), free: sync.Pool{New: func() any { return new(job) }}}
	r.allCalled = sync.OnceValue(func() <-chan struct{} {
		done := make(chan struct{})
		go func() { // ends with the callers
			r.callers.Wait()
			close(done)
		}()
		return done
	})
	var names []string
	for _, route := range program.Routes {
		names = append(names, route.Name)
	}
	r.record = newRecorder(names, p.Warmup, min(runtime.GOMAXPROCS(0), 8))
	if p.Duration > 0 {
		r.stopAt = p.Warmup + p.Duration
	}
	for range p.Connections {
		r.conns = append(r.conns, p.newConn(&r.connCount))
	}
	defer forEach(r.conns, (*conns.Conn).Close)
	connect, err := openAll(ctx, r.conns)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", wire.Errorf(wire.Canceled, "it was interrupted"), err)
	}
	if err != nil {
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
	life, stop := context.WithCancel(ctx) // of the making of calls
	r.stop = stop
	defer stop()
	server := newObserver(r) // before the clock starts: a bot may be slow to say that it does not tell
	defer server.close()
	r.clock = arrival.NewClock()
	defer r.clock.Close()
	w := newWatch(r, server)
	side, release := context.WithCancel(context.Background())
	defer release()
	var beside sync.WaitGroup // churn and faults, which end with side
	beside.Go(func() { r.churn(life) })
	faults := r.disturb(side, life, &beside)
	var watching sync.WaitGroup
	watched := make(chan struct{})
	watching.Go(func() { w.watch(watched) })
	watching.Go(func() { (&vigil{run: r}).keep(watched) })

	var m making
	if r.open() {
		m.until, m.dueUntil = r.openLoop(life)
	} else {
		m.until = r.closedLoop(life)
	}
	if ctx.Err() != nil {
		r.finish(EndInterrupted, "", nil)
	} else {
		r.finish(EndDone, "", nil)
	}
	m.answers, m.used = r.record.answers(), machine.Read()
	r.await()
	ended := r.clock.Now() // faults and the last question to the bot may take longer
	close(watched)
	watching.Wait()
	release()
	limit := time.AfterFunc(r.Grace, r.cancel) // for a reload that does not end
	defer limit.Stop()
	beside.Wait()
	return w.report(&m, ended, faults)
}

// await waits for the calls that are under way, for Grace. Then it cancels them.
func (r *run) await() {
	t := time.AfterFunc(r.Grace, r.cancel)
	defer t.Stop()
	<-r.allCalled()
}

// finish ends the making of calls. The first reason stays.
func (r *run) finish(end End, why string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end == "" {
		r.end, r.endedBy, r.endErr = end, why, err
	}
	r.stop()
}
