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

// A cogActor owns one cog from Load to Unload. It knows which instance serves, and
// decides which command is carried out next. Transitions carry the commands out, one at
// a time.
type cogActor struct {
	srv  *Server
	gate *gate.Gate

	status   atomic.Pointer[admin.CogStatus]     // written by the actor
	switches atomic.Pointer[[]admin.SwitchStats] // written by the actor; the slice never changes

	// owned by the actor
	cog        instance.Spec
	current    *gate.Generation // nil while no instance serves
	since      time.Time        // when current was activated
	reloaded   time.Time        // when the last reload ended
	number     uint64           // number of the newest generation
	running    *transition
	next       *command // the command after the running transition
	failed     *command // a due restart, unless the running transition makes it needless
	checkpoint instance.State
	subscribed <-chan struct{} // closed when the hosts have carried out the last change of subscriptions
	saver      *time.Timer
	slowSave   bool // the cog is not saved while it serves
	failures   int  // failures in a row
	restarts   int
	restarting bool // no instance serves, and the restart has not given up
	lastError  error
	gone       bool // unloaded; the server actor will stop this one
}

// Receive handles one message.
func (a *cogActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *command:
		a.carryOut(ctx, m)
	case *waiterGone:
		a.waiterGone(m.waiter)
	case *setupPassed:
		a.replyAfterSetup(m.command, "under way: it waits for the call that asked")
	case *saveNow:
		a.saveNow(ctx)
	case *retrying:
		a.show("restarting", m.at)
	case *finished:
		a.finished(ctx, m.t)
	}
}

func (a *cogActor) carryOut(ctx actor.Context, cmd *command) {
	if a.gone {
		cmd.reply(result{err: ErrNotLoaded})
		return
	}
	if cmd.what == kill {
		a.kill(ctx, cmd)
		return
	}
	if a.running == nil {
		a.begin(ctx, cmd)
		return
	}
	// the running transition may wait for their handlers
	a.replyAfterSetup(cmd, "queued: something else is done to the cog first")
	switch cmd.what {
	case unload:
		a.running.cancel()
		if a.next != nil {
			if a.next.what == unload {
				a.next.merge(cmd)
				return
			}
			a.next.reply(result{err: fmt.Errorf("unloaded meanwhile: %w", ErrNotLoaded)})
		}
		a.next = cmd
	case replace:
		if a.running.command.what == restart {
			a.running.cancel() // the reload makes the rest of the restart needless
		}
		switch {
		case a.next == nil:
			a.next = cmd
		case a.next.what == unload:
			cmd.reply(result{err: fmt.Errorf("being unloaded: %w", ErrNotLoaded)})
		default: // further reloads become part of the waiting one
			a.next.merge(cmd)
		}
	case restart: // perhaps of the instance that is being put in service
		if a.failed != nil && !a.failed.again {
			if a.failed.gen.Number >= cmd.gen.Number {
				return
			}
			a.failed.reply(result{err: errNotServing}) // it was to be killed, and has been replaced
		}
		a.failed = cmd
	}
}

func (a *cogActor) begin(ctx actor.Context, cmd *command) {
	if cmd.what == restart && cmd.gen != a.current { // both are nil if a restart goes on
		cmd.reply(result{err: errNotServing}) // the failed instance has been replaced meanwhile
		return
	}
	cog := a.cog
	if cmd.cog != nil {
		cog = *cmd.cog
	}
	switch cmd.what {
	case restart:
		a.countFailure(cmd)
	case unload:
		a.replyAfterSetup(cmd, "under way: it waits for the call that asked")
	}
	run, cancel := context.WithCancel(context.WithoutCancel(cmd.ctx))
	t := &transition{
		srv:        a.srv,
		gate:       a.gate,
		actor:      ctx.Self(),
		command:    cmd,
		cog:        cog,
		old:        a.current,
		number:     a.number + 1,
		checkpoint: a.checkpoint,
		subscribed: a.subscribed,
		failures:   a.failures,
		began:      time.Now(),
		gap:        minReloadGap - time.Since(a.reloaded),
		cancel:     cancel,
	}
	a.running = t
	if cmd.what != checkpoint {
		a.show(map[verb]string{load: "starting", replace: "switching", unload: "unloading", restart: "restarting"}[cmd.what], time.Time{})
	}
	if cmd.kill {
		cmd.reply(result{})
	}
	a.srv.transitions.Go(func() { // ends with the script; Close waits for it
		defer cancel()
		t.run(run)
		a.srv.system.Root.Send(t.actor, &finished{t})
	})
}

func (a *cogActor) countFailure(cmd *command) {
	if a.current != nil && time.Since(a.since) >= healthy {
		a.failures = 0
	}
	a.failures++
	if !cmd.again {
		a.restarts++
	}
	a.lastError = cmd.cause
}
