package loadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client"
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
			if !r.until(making, r.Warmup+d.At) {
				f.Err = "the run ended before"
				return
			}
			began := r.now()
			f.At = (began - r.Warmup).Seconds()
			ctx := life
			if d.For > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(life, d.For)
				defer cancel()
			}
			note, err := r.carryOut(ctx, d)
			f.Note, f.Took = note, millis(r.now()-began)
			if err != nil {
				f.Err = err.Error()
			}
		})
	}
	return list
}

// until waits for a moment, or reports that ctx is done.
func (r *run) until(ctx context.Context, at time.Duration) bool {
	pause(ctx, at-r.now())
	return ctx.Err() == nil
}

// carryOut does what d says until that is done, or ctx is.
func (r *run) carryOut(ctx context.Context, d Disturbance) (note string, err error) {
	switch d.Kind {
	case FaultSlowReader:
		return r.slowReaders(ctx, int(d.N))
	case FaultChurn:
		return r.cutLines(ctx, d.N)
	case FaultPartition:
		return r.partition(ctx, int(d.N))
	}
	return r.order(d)
}

// order has something done to a cog, and waits for it also if the run ends
// meanwhile.
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
	ctx := context.Background()
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

// slowReaders makes connections that ask and do not read the answers.
func (r *run) slowReaders(ctx context.Context, n int) (note string, err error) {
	var group sync.WaitGroup
	var mu sync.Mutex // protects cut
	var cut []time.Duration
	for i := range n {
		t := newTap(r.dial(), &counter{}) // the run's does not count them
		l, err := r.opener()(ctx, t)
		if err != nil {
			group.Wait()
			return "", err
		}
		t.stop(true)
		began := time.Now()
		calls, hangUp := context.WithCancel(ctx)
		for k := range 64 { // under way, or a client would not ask any more
			group.Go(func() { r.keepAsking(calls, l, i*64+k) })
		}
		group.Go(func() {
			defer l.close() // after cut: a close would wait for an answer
			defer t.cut()
			defer hangUp()
			if r.Dialect == IPCXDial { // connections come and go
				<-ctx.Done()
				return
			}
			t.waitClosed(ctx)
			if ctx.Err() == nil {
				mu.Lock()
				defer mu.Unlock()
				cut = append(cut, time.Since(began))
			}
		})
	}
	group.Wait()
	if len(cut) == 0 {
		return fmt.Sprintf("the bot kept all %d", n), nil
	}
	return fmt.Sprintf("the bot cut %d of %d off, the first after %.1f s", len(cut), n, slices.Min(cut).Seconds()), nil
}

// keepAsking makes calls on l until ctx is done. What becomes of them is not
// counted: it is what happens to others that a slow reader is there for.
func (r *run) keepAsking(ctx context.Context, l line, n int) {
	c := r.newCaller(1<<32 + n)
	for ctx.Err() == nil {
		route, data, err := c.drawer.Next(c.data[:0], r.seq.Add(1))
		if err != nil {
			return
		}
		c.data = data
		if l.call(ctx, r.program.Routes[route].Name, data) != nil {
			pause(ctx, 10*time.Millisecond)
		}
	}
}

// cutLines cuts connections, which open again, without a word.
func (r *run) cutLines(ctx context.Context, perSecond float64) (note string, err error) {
	tick := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer tick.Stop()
	draw := rand.New(rand.NewPCG(r.Seed, 1))
	n := 0
	for {
		select {
		case <-tick.C:
			n += r.slots[draw.IntN(len(r.slots))].tap.cut()
		case <-ctx.Done():
			r.cuts.Add(int64(n))
			return fmt.Sprintf("%d connections cut", n), nil
		}
	}
}

// partition lets the first n connections stand still.
func (r *run) partition(ctx context.Context, n int) (note string, err error) {
	n = min(n, len(r.slots))
	for _, s := range r.slots[:n] {
		s.tap.stop(false)
	}
	<-ctx.Done()
	for _, s := range r.slots[:n] {
		s.tap.resume()
	}
	return fmt.Sprintf("%d connections stood still", n), nil
}

// churn replaces connections by new ones, one after the other.
func (r *run) churn(ctx context.Context) {
	if r.Churn == 0 {
		return
	}
	tick := time.NewTicker(time.Duration(float64(time.Second) / r.Churn))
	defer tick.Stop()
	var group sync.WaitGroup
	defer group.Wait()
	busy := make(chan struct{}, len(r.slots)) // one replacement of a slot at a time
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
		s := r.slots[n%len(r.slots)]
		group.Go(func() {
			defer func() { <-busy }()
			if s.replace(ctx) == nil {
				r.churned.Add(1)
			}
		})
	}
}
