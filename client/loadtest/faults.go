package loadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/wire"
)

// disturb puts the plan's faults into the run, each on a goroutine of group. Those
// that last end with life, and none begins after making is done. The faults are
// complete when group is done.
func (r *run) disturb(life, making context.Context, group *sync.WaitGroup) []Fault {
	list := make([]Fault, len(r.Faults))
	for i, d := range r.Faults {
		f := &list[i]
		*f = Fault{Text: d.String(), Kind: string(d.Kind), Cog: d.Cog, At: d.At.Seconds()}
		group.Go(func() {
			if !r.clock.Wait(making, r.Warmup+d.At) {
				f.Err = "the run ended before"
				return
			}
			began := r.clock.Now()
			f.At = (began - r.Warmup).Seconds()
			ctx := life
			if d.For > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(life, d.For)
				defer cancel()
			}
			note, err := r.carryOut(ctx, d)
			f.Note, f.Took = note, millis(r.clock.Now()-began)
			if err != nil {
				f.Err = err.Error()
			}
		})
	}
	return list
}

// carryOut does what d says until that is done, or ctx is.
func (r *run) carryOut(ctx context.Context, d Disturbance) (note string, err error) {
	switch d.Kind {
	case FaultSlowReader:
		return r.slowReaders(ctx, int(d.N))
	case FaultChurn:
		return r.cutLines(ctx, d.N), nil
	case FaultPartition:
		return r.partition(ctx, int(d.N)), nil
	}
	return r.order(d)
}

// order has something done to a cog, and waits for it also if the run ends
// meanwhile, for Grace.
func (r *run) order(d Disturbance) (note string, err error) {
	o := r.clientOptions("cogbus load: faults")
	o.Timeout = time.Minute
	if r.AdminSecret != "" {
		o.Secret = r.AdminSecret
	}
	bot, err := client.New(r.Target, &o)
	if err != nil {
		return "", err
	}
	defer func() { _ = bot.Close() }()
	ctx := r.ctx
	var sw wire.Switched
	switch d.Kind {
	case FaultReload:
		sw, err = client.Call(ctx, bot, wire.ReloadCog, wire.ReloadRequest{Name: d.Cog})
	case FaultUnload:
		sw, err = client.Call(ctx, bot, wire.UnloadCog, wire.CogName{Name: d.Cog})
	case FaultLoad:
		sw, err = client.Call(ctx, bot, wire.LoadCog, wire.CogName{Name: d.Cog})
	case FaultKill:
		_, err = client.Call(ctx, bot, wire.KillCog, wire.CogName{Name: d.Cog})
		return "", err
	default:
		panic("loadtest: a fault of kind " + string(d.Kind) + " is done to no cog")
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("generation %d to %d, paused %.1f ms, %d held, %d lost", sw.From, sw.To, sw.Paused, sw.Held, sw.Lost), nil
}

// cutLines cuts connections, which open again, without a word.
func (r *run) cutLines(ctx context.Context, perSecond float64) (note string) {
	tick := time.NewTicker(arrival.Every(perSecond))
	defer tick.Stop()
	draw := rand.New(rand.NewPCG(r.Seed, 1))
	n := 0
	for {
		select {
		case <-tick.C:
			n += r.conns[draw.IntN(len(r.conns))].Cut()
		case <-ctx.Done():
			r.cuts.Add(int64(n))
			return counted(int64(n), "connection") + " cut"
		}
	}
}

// partition lets the first n connections stand still.
func (r *run) partition(ctx context.Context, n int) (note string) {
	for _, l := range r.conns[:n] {
		l.Stop(false)
	}
	<-ctx.Done()
	for _, l := range r.conns[:n] {
		l.Resume()
	}
	return counted(int64(n), "connection") + " stood still"
}

// churn replaces connections by new ones, one after the other.
func (r *run) churn(ctx context.Context) {
	if r.Churn == 0 {
		return
	}
	tick := time.NewTicker(arrival.Every(r.Churn))
	defer tick.Stop()
	var group sync.WaitGroup
	defer group.Wait()
	busy := make(chan struct{}, len(r.conns)) // holds one for each replacement that is under way
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select {
		case busy <- struct{}{}:
		default:
			continue // the bot takes no more; the report shows how many it was
		}
		l := r.conns[n%len(r.conns)]
		group.Go(func() {
			defer func() { <-busy }()
			if l.Replace(ctx) == nil {
				r.churned.Add(1)
			}
		})
	}
}
