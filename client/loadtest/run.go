package loadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/client/loadtest/internal/machine"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/wire"
)

// A run carries out a plan. It has two phases: in the sending phase the generator
// makes calls, and after it the run waits for the calls that are still under way.
// Times are since the clock was started.
type run struct {
	// Set by newRun and constant afterwards.
	Plan    // with the defaults filled in
	program *scenario.Program
	conns   []*conns.Conn

	// Set by execute, before it starts a goroutine.
	clock *arrival.Clock

	// Each of these may be used by several goroutines at once.
	connCount conns.Counter
	record    *recorder
	ending    ending
}

// Run carries out p and returns the report. It returns when all calls have ended and
// all connections are closed. If ctx is done, it stops sending early, waits for
// Grace, and the report says so.
//
// Run returns an error in these cases:
//   - The run has ended with [EndLost], [EndRefused] or [EndScenario]. The report is
//     not nil then.
//   - The plan is invalid. The report is nil.
//   - The bot could not be reached at the start. The report is nil, and the error
//     wraps a [*wire.Error].
//
// Report.Server is nil if the bot does not report its statistics. Bots of the Python
// package do not.
func Run(ctx context.Context, p Plan) (*Report, error) {
	r, err := newRun(p)
	if err != nil {
		return nil, err
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
	return report, r.ending.err
}

// newRun returns a run of p whose connections are not open yet.
func newRun(p Plan) (*run, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	program, err := p.Scenario.Compile()
	if err != nil {
		return nil, fmt.Errorf("loadtest: %w", err)
	}
	if p.Seed == 0 {
		p.Seed = rand.Uint64()>>12 | 1 // a JSON number can hold 52 bits exactly
	}
	r := &run{Plan: p, program: program}
	r.record = newRecorder(routeNames(program), p.Warmup, min(runtime.GOMAXPROCS(0), 8))
	for range p.Connections {
		r.conns = append(r.conns, p.newConn(&r.connCount))
	}
	return r, nil
}

func routeNames(p *scenario.Program) (names []string) {
	for _, route := range p.Routes {
		names = append(names, route.Name)
	}
	return names
}

// execute makes the calls, injects the faults, and takes the samples. All goroutines
// that it starts have ended when it returns.
func (r *run) execute(ctx context.Context) *Report {
	calls, cancel := context.WithCancel(context.Background()) // calls may outlive ctx by Grace
	defer cancel()
	sending, stop := context.WithCancel(ctx)
	defer stop()
	r.ending.stop, r.ending.cancel = stop, cancel

	// before the clock starts: a bot without statistics may take long to say so, and
	// reading the templates takes time too
	stats := newStatsClient(&r.Plan)
	defer stats.close()
	checkData := doubtful(r.program.Routes)
	r.clock = arrival.NewClock()
	defer r.clock.Close()
	sampler := &sampler{
		plan: &r.Plan, record: r.record, connCount: &r.connCount, clock: r.clock, ending: &r.ending, stats: stats,
		usage: machine.Read(), now: newInterval(), misses: make([]int, len(r.AbortOn)),
	}
	generator := &generator{
		plan: &r.Plan, program: r.program, checkData: checkData, conns: r.conns,
		record: r.record, clock: r.clock, ending: &r.ending, calls: calls, stopAt: r.stopAt(),
	}
	injector := &faultInjector{plan: &r.Plan, program: r.program, conns: r.conns, clock: r.clock, calls: calls}
	alive := &liveness{giveUp: r.GiveUp, record: r.record, connCount: &r.connCount, clock: r.clock, ending: &r.ending}

	lasting, release := context.WithCancel(context.Background())
	defer release()
	var injecting sync.WaitGroup // churn and faults; end with sending or lasting
	injecting.Go(func() { injector.churn(sending) })
	injector.start(lasting, sending, &injecting)
	var sampling sync.WaitGroup
	ended := make(chan struct{}) // ends the two goroutines below
	sampling.Go(func() { sampler.watch(ended) })
	sampling.Go(func() { alive.watch(ended) })

	phase := generator.send(sending)
	if ctx.Err() != nil {
		r.ending.finish(EndInterrupted, "", nil)
	} else {
		r.ending.finish(EndDone, "", nil)
	}
	phase.answers, phase.used = r.record.answers(), machine.Read()
	r.await(generator.allCalled(), cancel)
	lastCall := r.clock.Now() // faults and the last request for statistics may take longer
	close(ended)
	sampling.Wait()
	release()
	limit := time.AfterFunc(r.Grace, cancel) // ends a fault that waits for a reload
	defer limit.Stop()
	injecting.Wait()

	return r.report(&phase, lastCall, sampler, injector)
}

// await waits for the calls that are under way. After Grace it cancels them.
func (r *run) await(allCalled <-chan struct{}, cancel context.CancelFunc) {
	t := time.AfterFunc(r.Grace, cancel)
	defer t.Stop()
	<-allCalled
}
