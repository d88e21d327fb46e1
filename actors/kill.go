package actors

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/workers"
)

var (
	errKilled     = errors.New("killed for a test")
	errNotServing = errors.New("cog is not serving")
)

// kill lets the instance that serves fail. One that is being replaced is left
// alone: whether it would be restarted depends on how that ends.
func (a *cogActor) kill(ctx actor.Context, o *order) {
	if a.current == nil || a.running != nil && a.running.order.what != checkpoint {
		o.answer(done{err: errNotServing})
		return
	}
	srv, gen, self := a.srv, a.current, ctx.Self()
	srv.log.Warn("cog is killed for a test", "cog", a.cog.Name, "generation", gen.Number, "caller", cogs.CallInfo(o.ctx).Caller)
	a.killed = append(a.killed, o)
	// not here, since what Kill runs is the cog's
	srv.router.Pool.Go(workers.Func(func() {
		if gen.Instance.Kill() {
			return // what ran of it has died, and is found dead as always
		}
		srv.restart(gen, self, fmt.Errorf("task: %w", errKilled))
	}))
}

// answerKilled answers those who have killed the instance.
func (a *cogActor) answerKilled() {
	for _, o := range a.killed {
		o.answer(done{})
	}
	a.killed = nil
}
