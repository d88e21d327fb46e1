//go:build stress

package stress

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
)

// patience is the time limit for things that should happen at once. It is long, so that
// a busy machine does not look like a broken promise.
const patience = 5 * time.Second

// A ghost uses the context of a call after its handler has returned.
type ghost struct {
	w        *world
	q        ask
	ctx      context.Context
	derived  context.Context
	info     cogs.Info
	deadline time.Time
	bounded  bool
	fired    atomic.Int64 // how often a function of AfterFunc ran
}

// haunt makes a ghost of the call. It waits some time for the handler to return, since
// it cannot know when the call is over.
func (i *instance) haunt(ctx context.Context, q ask) {
	g := &ghost{w: i.w, q: q, ctx: ctx, info: cogs.CallInfo(ctx)}
	g.deadline, g.bounded = ctx.Deadline()
	derived, cancel := context.WithCancel(ctx)
	g.derived = derived
	stop := context.AfterFunc(ctx, func() { g.fired.Add(1) })
	var done <-chan struct{}
	if rand.IntN(2) == 0 {
		done = ctx.Done() // some ask while the handler runs, others later
	}
	i.w.outlive(func() { // ends within some seconds
		defer cancel()
		time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
		g.ended(done)
		stopped := stop()
		err := g.ctx.Err()
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond) // the call may serve another request by now
		g.same(err)
		g.firedOnce(stopped)
		if rand.IntN(4) == 0 {
			g.calls()
		}
	})
}

// ended checks that everything derived from the context has ended.
func (g *ghost) ended(done <-chan struct{}) {
	if done == nil {
		done = g.ctx.Done()
	}
	if !within(patience, done) {
		g.bad("the context of an ended call is not done", "")
		return
	}
	if g.ctx.Err() == nil {
		g.bad("the context of an ended call has no error", "")
	}
	if !within(patience, g.derived.Done()) {
		g.bad("a context below that of an ended call is not done", "")
	}
	late := make(chan struct{})
	context.AfterFunc(g.ctx, func() { close(late) })
	if !within(patience, late) {
		g.bad("AfterFunc of an ended call does not run", "")
	}
}

// same checks that the context still belongs to its own call.
func (g *ghost) same(err error) {
	if got := g.ctx.Err(); !errors.Is(got, err) {
		g.bad("the context of an ended call becomes another's", "its error was %v and is %v", err, got)
	}
	// the call may serve another request by now: then there is no deadline, and never
	// the other request's
	if at, bounded := g.ctx.Deadline(); bounded && (!g.bounded || !at.Equal(g.deadline)) {
		g.bad("the context of an ended call becomes another's", "its deadline was %v and is %v", g.deadline, at)
	}
	if now := cogs.CallInfo(g.ctx); now.Endpoint != g.info.Endpoint || now.Cog != g.info.Cog || now.Generation != g.info.Generation {
		g.bad("the context of an ended call becomes another's", "its info was %+v and is %+v", g.info, now)
	}
}

// firedOnce checks how often the function of AfterFunc ran. The function has a
// goroutine of its own, so it may be late.
func (g *ghost) firedOnce(stopped bool) {
	want := int64(1)
	if stopped { // it was stopped before it began
		want = 0
	}
	for until := time.Now().Add(patience); g.fired.Load() < want && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	if n := g.fired.Load(); n != want {
		g.bad("AfterFunc of a call does not run once", "it ran %d times; want %d", n, want)
	}
}

// calls makes a call with the context. That does no harm: no handler waits for the
// ghost's own call any more, so the new call has to wait its turn.
func (g *ghost) calls() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), patience)
	defer cancel()
	to := "serial.quick"
	if rand.IntN(3) == 0 {
		to = g.w.pick()
	}
	_ = g.w.callInside(ctx, byGhost, to, ask{Path: pathBelow(g.q.Path, g.q.Token), N: rand.IntN(3)})
}

func (g *ghost) bad(kind, format string, args ...any) {
	g.w.bad.add(kind, "call %d of %s@%d: "+format, append([]any{g.q.Token, g.info.Endpoint, g.info.Generation}, args...)...)
}

// within reports whether done is closed in time.
func within(limit time.Duration, done <-chan struct{}) bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
