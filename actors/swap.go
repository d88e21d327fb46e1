package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
)

// minReloadGap is the time between two reloads of a cog. Without it, a watcher that
// asks for reloads in a loop would keep the processors from the other cogs, and from
// the readers of connections.
const minReloadGap = time.Millisecond

// swap replaces the instance that serves. It does nothing to the old one before the new
// one is published.
func (t *transition) swap(ctx context.Context) error {
	next, err := t.open(ctx)
	if err != nil {
		return err
	}
	held := !t.command.opts.Fresh && t.old.Instance.Keeps() && next.Instance.Keeps()
	routes := []*gate.Generation{next}
	if held { // the old instance may have to serve on, so its routes stay
		routes = append(routes, t.old)
	}
	if err := t.publish(routes...); err != nil {
		t.dispose(next.Instance, next.Number)
		return err
	}
	t.srv.system.Root.Send(t.actor, &setupPassed{t.command})
	if held {
		return t.swapHeld(next)
	}
	t.swapOpen(next)
	return nil
}

// swapOpen switches without state to hand over. Calls go on without a pause.
func (t *transition) swapOpen(next *gate.Generation) {
	t.gate.Swap(next)
	t.subscribe(next)
	t.checkpoint = nil
	deadline := t.deadline()
	// the old tasks end first, since they may hold a port or a file that the new ones
	// need
	if !t.await(deadline, t.old.Instance.Stop()) {
		t.note("a task of generation %d does not end", t.old.Number)
	}
	t.activate(next)
	t.current = next
	t.end(t.old, deadline, deadline, t.replaced())
}

// swapHeld switches with state to hand over. The gate holds calls meanwhile.
func (t *transition) swapHeld(next *gate.Generation) error {
	held := time.Now()
	t.gate.Hold()
	deadline := t.deadline()
	state, err := t.save(deadline)
	if err == nil {
		err = t.takeOver(next, state)
	}
	t.result.Paused = milliseconds(time.Since(held))
	switch {
	case err == nil:
		t.end(t.old, deadline, deadline, t.replaced())
		return nil
	case t.spent:
		t.rejectAll()
		err = fmt.Errorf("the cog restarts: saving generation %d did not end, and the next one does not start: %w", t.old.Number, err)
		t.broken = err
	default:
		t.result.Held = t.rollBack()
	}
	t.dispose(next.Instance, next.Number)
	return err
}

// takeOver puts next in service with state, while the gate holds the calls and no code
// of the old instance runs that serves. The routes of both are published.
func (t *transition) takeOver(next *gate.Generation, state instance.State) error {
	if err := t.restore(next.Instance, state); err != nil {
		return err
	}
	t.checkpoint = state
	t.activate(next)
	t.result.Held = t.gate.Swap(next)
	_ = t.publish(next) // taking routes away cannot fail
	t.subscribe(next)
	t.current = next
	return nil
}

// rollBack lets the old instance serve on, as before the switch.
func (t *transition) rollBack() (held int) {
	if err := t.publish(t.old); err != nil {
		t.srv.log.Error("roll back", "cog", t.cog.Name, "err", err)
	}
	t.activate(t.old)
	return t.gate.Reopen()
}

// publish asks the server actor to make the routes of the generations the cog's routes.
func (t *transition) publish(generations ...*gate.Generation) error {
	reply := make(chan error, 1)
	t.srv.system.Root.Send(t.srv.actor, &updateEndpoints{cog: t.cog.Name, generations: generations, reply: reply})
	return <-reply
}

// subscribe makes gen's subscriptions the cog's; nil has none. Hosts are user code, so
// there is a limit for them, and one goroutine at a time calls them.
func (t *transition) subscribe(gen *gate.Generation) {
	// the goroutine may outlive the transition and must not refer to it
	door, srv, before, ended := t.gate, t.srv, t.subscribed, make(chan struct{})
	t.subscribed = ended
	var err error
	go func() { // ends when the hosts have returned
		defer close(ended)
		if before != nil {
			<-before
		}
		err = instance.Protect(func() error { srv.router.Subscribe(door, gen); return nil })
	}()
	switch ended := t.await(time.Now().Add(t.patience()), ended); {
	case !ended && t.srv.hurry.Err() != nil: // the shutdown does not wait for hosts
	case !ended:
		t.note("a host of events does not answer; others of the cog may be missing")
	case err != nil:
		t.note("a host of events: %v", err)
	}
}
