package loadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/wire/admin"
)

// A faultInjector injects the plan's faults into a run, and replaces connections for
// Plan.Churn.
type faultInjector struct {
	// Constant.
	plan    *Plan
	program *scenario.Program
	conns   []*conns.Conn
	clock   *arrival.Clock
	calls   context.Context // the context of the run's calls

	records []FaultRecord // each belongs to the goroutine of its fault

	churned   atomic.Int64 // connections that were replaced
	cuts      atomic.Int64 // connections that were cut
	slowCalls atomic.Uint64
}

// start starts a goroutine of group for each fault. A fault that lasts ends with
// lasting. A fault that has not begun when sending is done does not happen. The
// records are complete when group is done.
func (f *faultInjector) start(lasting, sending context.Context, group *sync.WaitGroup) {
	f.records = make([]FaultRecord, len(f.plan.Faults))
	for i, d := range f.plan.Faults {
		record := &f.records[i]
		*record = FaultRecord{Text: d.String(), Kind: string(d.Kind), Cog: d.Cog, At: d.At.Seconds()}
		group.Go(func() {
			if !f.clock.Wait(sending, f.plan.Warmup+d.At) {
				record.Err = "the run ended before"
				return
			}
			began := f.clock.Now()
			record.At = (began - f.plan.Warmup).Seconds()
			ctx := lasting
			if d.For > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(lasting, d.For)
				defer cancel()
			}
			note, err := f.inject(ctx, d)
			record.Note, record.Took = note, millis(f.clock.Now()-began)
			if err != nil {
				record.Err = err.Error()
			}
		})
	}
}

// inject injects a fault. It returns when the fault has happened; if the fault lasts,
// when ctx is done.
func (f *faultInjector) inject(ctx context.Context, d Fault) (note string, err error) {
	switch d.Kind {
	case FaultSlowReader:
		return f.slowReaders(ctx, int(d.N))
	case FaultChurn:
		return f.cut(ctx, d.N), nil
	case FaultPartition:
		return f.partition(ctx, int(d.N)), nil
	}
	return f.changeCog(d)
}

// changeCog tells the bot to reload, unload, load or kill a cog, and waits for its
// answer. If the run ends meanwhile, it waits for Grace.
func (f *faultInjector) changeCog(d Fault) (note string, err error) {
	o := f.plan.clientOptions("cogbus load: faults")
	o.Timeout = time.Minute
	if f.plan.AdminSecret != "" {
		o.Secret = f.plan.AdminSecret
	}
	bot, err := client.New(f.plan.Target, &o)
	if err != nil {
		return "", err
	}
	defer func() { _ = bot.Close() }()
	ctx := f.calls
	var sw admin.SwitchResult
	switch d.Kind {
	case FaultReload:
		sw, err = client.Call(ctx, bot, admin.Reload, admin.ReloadRequest{Name: d.Cog})
	case FaultUnload:
		sw, err = client.Call(ctx, bot, admin.Unload, admin.CogName{Name: d.Cog})
	case FaultLoad:
		sw, err = client.Call(ctx, bot, admin.Load, admin.CogName{Name: d.Cog})
	case FaultKill:
		_, err = client.Call(ctx, bot, admin.Kill, admin.CogName{Name: d.Cog})
		return "", err
	default:
		panic("loadtest: a fault of kind " + string(d.Kind) + " is done to no cog")
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("generation %d to %d, paused %.1f ms, %d held, %d lost", sw.From, sw.To, sw.Paused, sw.Held, sw.Lost), nil
}

// cut cuts random connections, which open again, until ctx is done.
func (f *faultInjector) cut(ctx context.Context, perSecond float64) (note string) {
	tick := time.NewTicker(arrival.Every(perSecond))
	defer tick.Stop()
	draw := rand.New(rand.NewPCG(f.plan.Seed, 1))
	n := 0
	for {
		select {
		case <-tick.C:
			n += f.conns[draw.IntN(len(f.conns))].Cut()
		case <-ctx.Done():
			f.cuts.Add(int64(n))
			return counted(int64(n), "connection") + " cut"
		}
	}
}

// partition stops the first n connections until ctx is done.
func (f *faultInjector) partition(ctx context.Context, n int) (note string) {
	for _, c := range f.conns[:n] {
		c.Stop(false)
	}
	<-ctx.Done()
	for _, c := range f.conns[:n] {
		c.Resume()
	}
	return counted(int64(n), "connection") + " stood still"
}

// churn replaces connections by new ones, one after the other, until ctx is done.
func (f *faultInjector) churn(ctx context.Context) {
	if f.plan.Churn == 0 {
		return
	}
	tick := time.NewTicker(arrival.Every(f.plan.Churn))
	defer tick.Stop()
	var group sync.WaitGroup
	defer group.Wait()
	busy := make(chan struct{}, len(f.conns)) // holds one element for each replacement that is under way
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select {
		case busy <- struct{}{}:
		default:
			continue // the bot is too slow for this rate; the report shows the number of replacements
		}
		c := f.conns[n%len(f.conns)]
		group.Go(func() { // ends when the calls on the old connection have ended
			defer func() { <-busy }()
			if c.Replace(ctx) == nil {
				f.churned.Add(1)
			}
		})
	}
}
