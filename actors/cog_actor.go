package actors

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire/admin"
)

// A cog actor owns one cog from Load to Unload: which instance serves, and what
// is being done about that. Transitions run beside it, one at a time; it decides
// which is next.
type cogActor struct {
	srv  *Server
	gate *gate.Gate

	status   atomic.Pointer[admin.CogStatus]     // written by the actor
	switches atomic.Pointer[[]admin.SwitchStats] // likewise; the slice never changes

	// owned by the actor
	cog        instance.Spec
	current    *gate.Generation // nil while none serves
	since      time.Time        // when it was activated
	reloaded   time.Time        // when the last reload ended
	number     uint64           // of the newest generation
	running    *transition
	next       *order // the order after the running transition
	failed     *order // a restart that is due, unless the running transition makes it needless
	checkpoint instance.State
	subscribed <-chan struct{} // closed when the hosts have carried out the last change of subscriptions
	saver      *time.Timer
	slowSave   bool // not to be saved while it serves
	failures   int  // in a row
	restarts   int
	restarting bool // nothing serves, and no restart has given up
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
		if a.failed != nil && !a.failed.again {
			if a.failed.gen.Number >= o.gen.Number {
				return
			}
			a.failed.answer(done{err: errNotServing}) // it was to be killed, and has been replaced
		}
		a.failed = o
	}
}

func (a *cogActor) begin(ctx actor.Context, o *order) {
	if o.what == restart && o.gen != a.current { // both are nil where it goes on
		o.answer(done{err: errNotServing}) // it has been replaced since
		return
	}
	cog := a.cog
	if o.cog != nil {
		cog = *o.cog
	}
	switch o.what {
	case restart:
		a.countFailure(o)
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
		subscribed: a.subscribed,
		failures:   a.failures,
		began:      time.Now(),
		rest:       breather - time.Since(a.reloaded),
		cancel:     cancel,
	}
	a.running = t
	if o.what != checkpoint {
		a.show(map[verb]string{load: "starting", replace: "switching", unload: "unloading", restart: "restarting"}[o.what], time.Time{})
	}
	if o.kill {
		o.answer(done{})
	}
	a.srv.transitions.Go(func() { // ends with the script; Close waits
		defer cancel()
		t.run(run)
		a.srv.system.Root.Send(t.actor, &finished{t})
	})
}

func (a *cogActor) countFailure(o *order) {
	if a.current != nil && time.Since(a.since) >= healthy {
		a.failures = 0
	}
	a.failures++
	if !o.again {
		a.restarts++
	}
	a.lastError = o.cause
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
