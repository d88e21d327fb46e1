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

// kill turns the command into a restart of the instance that serves. The restart begins
// at once, or behind a checkpoint that is being saved. If the cog has anything else to
// do, kill refuses the command, since it is not known which instance will serve then.
func (a *cogActor) kill(ctx actor.Context, cmd *command) {
	saving := a.running != nil && a.running.command.what == checkpoint
	if a.current == nil || a.running != nil && !saving || a.next != nil || a.failed != nil {
		cmd.reply(result{err: errNotServing})
		return
	}
	a.srv.log.Warn("cog is killed for a test", "cog", a.cog.Name, "generation", a.current.Number, "caller", cogs.CallInfo(cmd.ctx).Caller)
	cmd.what, cmd.gen, cmd.cause, cmd.kill, cmd.first = restart, a.current, fmt.Errorf("task: %w", errKilled), true, true
	cmd.ctx = context.Background() // a Setup must not see values of the caller
	if saving {
		a.failed = cmd
		return
	}
	a.begin(ctx, cmd)
}
