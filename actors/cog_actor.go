package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/wire"
)

// A cog actor owns one cog from Load to Unload: which instance serves, and what
// is being done about that. Transitions run beside it, one at a time; it decides
// which is next.
type cogActor struct {
	srv  *Server
	gate *gate.Gate

	status   atomic.Pointer[wire.CogStatus]     // written by the actor
	switches atomic.Pointer[[]wire.SwitchStats] // likewise; the slice never changes

	// owned by the actor
	cog        cogs.Cog
	current    *gate.Generation // nil while none serves
	since      time.Time        // when it was activated
	reloaded   time.Time        // when the last reload ended
	number     uint64           // of the newest generation
	running    *transition
	next       *order   // what follows the running transition
	failed     *order   // a restart that is due, unless what runs makes it needless
	killed     []*order // answered when the failure is under way
	checkpoint cogs.State
	saver      *time.Timer
	slowSave   bool // not to be saved while it serves
	failures   int  // in a row
	restarts   int
	lastError  error
	gone       bool // unloaded; the server actor will stop this one
}

// Receive handles one message.
func (a *cogActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *order:
		a.order(ctx, m)
	case *gaveUp:
		a.gaveUp(m.waiter)
	case *setupPassed:
		a.answerEarly(m.order, "under way: it waits for the call that asked")
	case *saveNow:
		a.saveNow(ctx)
	case *retrying:
		a.show("restarting", m.at)
	case *finished:
		a.finished(ctx, m.t)
	}
}

func (a *cogActor) order(ctx actor.Context, o *order) {
	if a.gone {
		o.answer(done{err: ErrNotLoaded})
		return
	}
	if o.what == kill {
		a.kill(ctx, o)
		return
	}
	if a.running == nil {
		a.begin(ctx, o)
		return
	}
	// what runs may wait for those who ask from inside
	a.answerEarly(o, "queued: something else is done to the cog first")
	switch o.what {
	case unload:
		a.running.cancel()
		if a.next != nil {
			if a.next.what == unload {
				a.next.join(o)
				return
			}
			a.next.answer(done{err: fmt.Errorf("unloaded meanwhile: %w", ErrNotLoaded)})
		}
		a.next = o
	case replace:
		if a.running.order.what == restart {
			a.running.cancel() // a reload revives at once
		}
		switch {
		case a.next == nil:
			a.next = o
		case a.next.what == unload:
			o.answer(done{err: fmt.Errorf("being unloaded: %w", ErrNotLoaded)})
		default: // reloads that arrive meanwhile become one more
			a.next.join(o)
		}
	case restart: // of the instance that is being put in service, perhaps
		if a.failed == nil || a.failed.gen.Number < o.gen.Number {
			a.failed = o
		}
	}
}

// answerEarly answers those whose own calls a transition will wait for.
func (a *cogActor) answerEarly(o *order, note string) {
	d := done{switched: wire.Switched{Cog: a.cog.Name, Note: note}}
	if a.current != nil {
		d.switched.From = a.current.Number
	}
	if o.what == replace {
		d.switched.To = a.number + 1
	}
	for _, w := range o.early {
		w <- d
		o.wanted = true // who asked has been told that it will be done
	}
	o.early = nil
}

// join makes o and later one order, with what later asks for.
func (o *order) join(later *order) {
	o.waiters = append(o.waiters, later.waiters...)
	o.early = append(o.early, later.early...)
	o.wanted = o.wanted || later.wanted
	if later.cog != nil {
		o.cog = later.cog
	}
	o.opts.Fresh = o.opts.Fresh || later.opts.Fresh
	o.opts.Force = o.opts.Force || later.opts.Force
	o.opts.Rollback = later.opts.Rollback // the last word on which code is to serve
	o.opts.Drain = max(o.opts.Drain, later.opts.Drain)
}

func (a *cogActor) begin(ctx actor.Context, o *order) {
	if o.what == restart && o.gen != a.current {
		return // it has been replaced since
	}
	cog := a.cog
	if o.cog != nil {
		cog = *o.cog
	}
	switch o.what {
	case restart:
		a.countFailure(o.cause)
	case unload:
		a.answerEarly(o, "under way: it waits for the call that asked")
	}
	run, cancel := context.WithCancel(context.WithoutCancel(o.ctx))
	t := &transition{
		srv:        a.srv,
		gate:       a.gate,
		actor:      ctx.Self(),
		order:      o,
		cog:        cog,
		old:        a.current,
		number:     a.number + 1,
		checkpoint: a.checkpoint,
		failures:   a.failures,
		began:      time.Now(),
		rest:       breather - time.Since(a.reloaded),
		cancel:     cancel,
	}
	a.running = t
	if o.what != checkpoint {
		a.show(map[verb]string{load: "starting", replace: "switching", unload: "unloading", restart: "restarting"}[o.what], time.Time{})
	}
	if o.what == restart {
		a.answerKilled()
	}
	a.srv.transitions.Go(func() { // ends with the script; Close waits
		defer cancel()
		t.run(run)
		a.srv.system.Root.Send(t.actor, &finished{t})
	})
}

func (a *cogActor) countFailure(cause error) {
	if a.current != nil && time.Since(a.since) >= healthy {
		a.failures = 0
	}
	a.failures++
	a.restarts++
	a.lastError = cause
}

// gaveUp cancels a load or a reload that nobody waits for any more.
func (a *cogActor) gaveUp(w chan<- done) {
	if a.running != nil && a.running.order.lose(w) {
		a.running.cancel()
	}
	if a.next != nil && a.next.lose(w) {
		a.next = nil
	}
}

// lose takes one who waited out of an order, and reports whether the order is of
// no use any more.
func (o *order) lose(w chan<- done) bool {
	waits := func(other chan<- done) bool { return other == w }
	had := slices.ContainsFunc(o.waiters, waits) || slices.ContainsFunc(o.early, waits)
	o.waiters = slices.DeleteFunc(o.waiters, waits)
	o.early = slices.DeleteFunc(o.early, waits)
	return had && !o.wanted && len(o.waiters)+len(o.early) == 0 && (o.what == load || o.what == replace)
}

// saveNow saves what the cog keeps, if nothing else is being done to it.
func (a *cogActor) saveNow(ctx actor.Context) {
	if a.gone {
		return
	}
	if a.running == nil && a.current != nil && !a.slowSave && a.current.Instance.Keeps() && !a.current.Instance.Tasks() {
		a.begin(ctx, &order{what: checkpoint, name: a.cog.Name, ctx: context.Background()})
	}
	a.saver.Reset(checkpointTime)
}

func (a *cogActor) finished(ctx actor.Context, t *transition) {
	a.running = nil
	if t.order.what == replace {
		a.reloaded = time.Now()
	}
	a.current = t.current
	if t.order.what != checkpoint {
		a.answerKilled() // what was killed has been replaced, or has ended
	}
	if t.order.cog != nil && t.err == nil {
		a.cog = *t.order.cog
		ctx.Send(a.srv.actor, &adopted{a.cog})
	}
	if a.saver == nil {
		self := ctx.Self()
		a.saver = time.AfterFunc(checkpointTime, func() { a.srv.system.Root.Send(self, &saveNow{}) })
	}
	if !t.since.IsZero() {
		a.since = t.since
	}
	a.number = max(a.number, t.used)
	a.checkpoint = t.checkpoint
	a.failures = t.failures
	a.slowSave = t.slowSave || a.slowSave && t.order.what == checkpoint
	if t.err != nil && !errors.Is(t.err, context.Canceled) && !errors.Is(t.err, errNoBuilds) {
		a.lastError = t.err
	}
	t.result.Cog = a.cog.Name
	t.result.Took = milliseconds(time.Since(t.began))
	if t.err == nil && (t.order.what == replace || t.order.what == restart) {
		a.remember(t.result)
	}
	if t.order.what == unload || t.order.what == load && t.err != nil {
		a.gone = true
		a.saver.Stop()
		if a.next != nil {
			a.next.answer(done{err: ErrNotLoaded})
		}
		ctx.Send(a.srv.actor, &cogEnded{name: a.cog.Name, order: t.order, outcome: done{t.result, t.err}})
		return
	}
	if a.current != nil {
		a.show("serving", time.Time{})
	} else {
		a.show("failed", time.Time{})
	}
	a.report(t)
	t.order.answer(done{t.result, t.err})
	if next := a.next; next != nil {
		a.next = nil
		a.begin(ctx, next)
	}
	if failed := a.failed; failed != nil && a.running == nil {
		a.failed = nil
		a.begin(ctx, failed)
	}
}

// report logs what became of a reload that nobody waits for.
func (a *cogActor) report(t *transition) {
	switch {
	case t.order.what != replace || len(t.order.waiters) > 0 || errors.Is(t.err, context.Canceled):
	case t.err != nil:
		a.srv.log.Error("cog was not reloaded", "cog", a.cog.Name, "serving", t.result.To, "err", t.err)
	default:
		d := t.result
		a.srv.log.Info("cog reloaded", "cog", d.Cog, "from", d.From, "to", d.To, "build", d.Build, "built_ms", d.Built,
			"paused_ms", d.Paused, "held", d.Held, "lost", d.Lost)
	}
}

// show publishes the cog's status.
func (a *cogActor) show(state string, nextTry time.Time) {
	s := &wire.CogStatus{Name: a.cog.Name, State: state, Restarts: a.restarts, NextTry: nextTry, Generation: a.number}
	if a.current != nil {
		s.Generation, s.Since, s.Routes = a.current.Number, a.since, a.current.Routes()
		s.Build, _ = a.current.Instance.Build()
	}
	if a.lastError != nil {
		s.LastError = a.lastError.Error()
	}
	a.status.Store(s)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
