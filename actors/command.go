package actors

import (
	"slices"

	"github.com/cogbus/cogbus/wire/admin"
)

// replyAfterSetup replies to the waiters inside of the cog, since the transition will
// wait for their handlers and tasks.
func (a *cogActor) replyAfterSetup(cmd *command, note string) {
	d := result{switched: admin.SwitchResult{Cog: a.cog.Name, Note: note}}
	if a.current != nil {
		d.switched.From = a.current.Number
	}
	if cmd.what == replace {
		d.switched.To = a.number + 1
	}
	for _, w := range cmd.early {
		w <- d
		cmd.detached = true // the waiter was told that the command will be carried out
	}
	cmd.early = nil
}

// merge makes cmd and later one command, with the options of both.
func (cmd *command) merge(later *command) {
	cmd.waiters = append(cmd.waiters, later.waiters...)
	cmd.early = append(cmd.early, later.early...)
	cmd.detached = cmd.detached || later.detached
	if later.cog != nil {
		cmd.cog = later.cog
	}
	cmd.own = cmd.own && later.own
	cmd.opts.Fresh = cmd.opts.Fresh || later.opts.Fresh
	cmd.opts.Force = cmd.opts.Force || later.opts.Force
	cmd.opts.Rollback = later.opts.Rollback // the last command says which build is to serve
	cmd.opts.Drain = max(cmd.opts.Drain, later.opts.Drain)
}

// waiterGone handles a waiter that has gone. It cancels a load or a reload without
// waiters.
func (a *cogActor) waiterGone(w chan<- result) {
	if a.running != nil && a.running.command.dropWaiter(w) {
		a.running.cancel()
	}
	if a.next != nil && a.next.dropWaiter(w) {
		a.next = nil
	}
}

// dropWaiter takes w out of the waiters of a command. It reports whether the command
// can be cancelled, since it has no waiters any more.
func (cmd *command) dropWaiter(w chan<- result) bool {
	waits := func(other chan<- result) bool { return other == w }
	had := slices.ContainsFunc(cmd.waiters, waits) || slices.ContainsFunc(cmd.early, waits)
	cmd.waiters = slices.DeleteFunc(cmd.waiters, waits)
	cmd.early = slices.DeleteFunc(cmd.early, waits)
	return had && !cmd.detached && len(cmd.waiters)+len(cmd.early) == 0 && (cmd.what == load || cmd.what == replace)
}

func (cmd *command) reply(d result) {
	for _, w := range append(cmd.waiters, cmd.early...) {
		w <- d
	}
	cmd.waiters, cmd.early = nil, nil
}
