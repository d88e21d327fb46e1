package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/cogs"
)

var (
	errKilled     = errors.New("killed for a test")
	errNotServing = errors.New("cog is not serving")
)

// kill makes the order the restart of the instance that serves, which begins at
// once, or behind a checkpoint that is being saved. It is refused if something
// else is being done to the cog, or comes first: nobody knows what serves then.
func (a *cogActor) kill(ctx actor.Context, o *order) {
	saving := a.running != nil && a.running.order.what == checkpoint
	if a.current == nil || a.running != nil && !saving || a.next != nil || a.failed != nil {
		o.answer(done{err: errNotServing})
		return
	}
	a.srv.log.Warn("cog is killed for a test", "cog", a.cog.Name, "generation", a.current.Number, "caller", cogs.CallInfo(o.ctx).Caller)
	o.what, o.gen, o.cause, o.kill, o.first = restart, a.current, fmt.Errorf("task: %w", errKilled), true, true
	o.ctx = context.Background() // a Setup gets nothing of the caller
	if saving {
		a.failed = o
		return
	}
	a.begin(ctx, o)
}
