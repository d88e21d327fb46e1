package actors

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/wire"
)

// breather is the time between two reloads of a cog. A watcher that asks for one
// after the other in a loop would keep the processors from the other cogs, and
// their connections from being looked at.
const breather = time.Millisecond

// swap replaces the instance that serves. Until the new one is published,
// nothing has happened to the old one.
func (t *transition) swap(ctx context.Context) error {
	next, err := t.open(ctx)
	if err != nil {
		return err
	}
	held := !t.order.opts.Fresh && t.old.Instance.Keeps() && next.Instance.Keeps()
	routes := []*gate.Generation{next}
	if held { // it may be rolled back: no route may be missed meanwhile
		routes = append(routes, t.old)
	}
	if err := t.publish(routes...); err != nil {
		t.clean(next)
		return err
	}
	t.srv.system.Root.Send(t.actor, &setupPassed{t.order})
	if held {
		return t.swapHeld(next)
	}
	t.swapOpen(next)
	return nil
}

// swapOpen switches with nothing to hand over: calls go on without a pause.
func (t *transition) swapOpen(next *gate.Generation) {
	t.gate.Swap(next)
	t.srv.router.Subscribe(t.gate, next)
	t.checkpoint = nil
	deadline := time.After(t.drainTimeout())
	// tasks may hold what only one can have: the old ones end first
	tasks := t.old.Instance.Stop()
	select {
	case <-tasks:
	case <-deadline:
		t.note("a task of generation %d does not end", t.old.Number)
	}
	t.activate(next)
	t.current = next
	t.drain(t.old, deadline, wire.Errorf(wire.Unavailable, "cog %q was reloaded before the call was done", t.cog.Name))
	t.retire(t.old)
}

// swapHeld switches with state to hand over: calls wait meanwhile.
func (t *transition) swapHeld(next *gate.Generation) error {
	paused := time.Now()
	t.gate.Hold()
	state, err := t.save()
	if err == nil {
		err = within(t.patience(), func() error { return next.Instance.Restore(state) })
	}
	if err != nil {
		t.result.Held = t.rollBack(next)
		t.result.Paused = milliseconds(time.Since(paused))
		return err
	}
	t.checkpoint = state
	t.activate(next)
	t.result.Held = t.gate.Swap(next)
	t.result.Paused = milliseconds(time.Since(paused))
	_ = t.publish(next) // taking routes away cannot fail
	t.srv.router.Subscribe(t.gate, next)
	t.current = next
	t.retire(t.old)
	return nil
}

// rollBack lets the old instance serve on, as if nothing had been tried.
func (t *transition) rollBack(next *gate.Generation) (held int) {
	if err := t.publish(t.old); err != nil {
		t.srv.log.Error("roll back", "cog", t.cog.Name, "err", err)
	}
	t.activate(t.old)
	held = t.gate.Reopen()
	t.clean(next)
	return held
}

// publish asks the server actor to make the cog's routes those of the
// generations.
func (t *transition) publish(generations ...*gate.Generation) error {
	reply := make(chan error, 1)
	t.srv.system.Root.Send(t.srv.actor, &updateEndpoints{cog: t.cog.Name, generations: generations, reply: reply})
	return <-reply
}
