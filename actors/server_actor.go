package actors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/instance"
)

// A serverActor owns the list of loaded cogs, and is the only writer of the route
// table.
type serverActor struct {
	srv *Server

	// owned by the actor
	cogs   []*loaded                // in the order of loading
	known  map[string]instance.Spec // all cogs that were loaded, by name: they can be loaded again
	ending map[string]*cogEnded     // by the ids of the cog actors that are stopping
	spawns int
	sealed bool
}

// Receive handles one message.
func (a *serverActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *command:
		a.carryOut(ctx, m)
	case *updateEndpoints:
		m.reply <- a.srv.router.Publish(m.cog, m.generations...)
	case *adopted:
		a.known[m.cog.Name] = m.cog
	case *waiterGone:
		if l := a.find(m.name); l != nil {
			ctx.Send(l.pid, m)
		}
	case *cogEnded:
		if l := a.find(m.name); l != nil {
			// Poison stops the actor behind all messages that were sent to it, so none
			// is lost
			ctx.Poison(l.pid)
			a.cogs = slices.DeleteFunc(a.cogs, func(other *loaded) bool { return other == l })
			a.ending[l.pid.Id] = m
		}
	case *actor.Terminated:
		if end := a.ending[m.Who.Id]; end != nil {
			delete(a.ending, m.Who.Id)
			end.command.reply(end.outcome)
		}
	case *listCogs:
		m.reply <- slices.Clone(a.cogs)
	case *sealCogs:
		a.sealed = true
		m.reply <- slices.Clone(a.cogs)
	}
}

func (a *serverActor) carryOut(ctx actor.Context, cmd *command) {
	l := a.find(cmd.name)
	switch {
	case a.sealed && cmd.what != unload:
		cmd.reply(result{err: ErrClosed})
	case cmd.what == load && l != nil:
		cmd.reply(result{err: ErrLoaded})
	case cmd.what == load:
		a.load(ctx, cmd)
	case l == nil:
		cmd.reply(result{err: a.notLoaded("")})
	default:
		ctx.Send(l.pid, cmd)
	}
}

// notLoaded returns an error with the names of the loaded cogs, since the given name
// may be misspelt. more is the end of its first part.
func (a *serverActor) notLoaded(more string) error {
	var names []string
	for _, l := range a.cogs {
		if l.name != ownName {
			names = append(names, strconv.Quote(l.name))
		}
	}
	if names == nil {
		return fmt.Errorf("%w%s", ErrNotLoaded, more)
	}
	return fmt.Errorf("%w%s; loaded: %s", ErrNotLoaded, more, strings.Join(names, ", "))
}

func (a *serverActor) find(name string) *loaded {
	for _, l := range a.cogs {
		if l.name == name {
			return l
		}
	}
	return nil
}

func (a *serverActor) load(ctx actor.Context, cmd *command) {
	if cmd.cog == nil {
		cog, ok := a.known[cmd.name]
		if !ok {
			cmd.reply(result{err: a.notLoaded(", and never was")})
			return
		}
		cmd.cog = &cog
	}
	a.known[cmd.name] = *cmd.cog
	g := a.srv.router.NewGate(*cmd.cog)
	c := &cogActor{srv: a.srv, gate: g, cog: *cmd.cog}
	a.spawns++
	// a number, since any name is allowed and may come again
	pid, err := ctx.SpawnNamed(propsOf(func() actor.Actor { return c }, &a.srv.router.Pool, a.srv.log), fmt.Sprintf("cog@%d", a.spawns))
	if err != nil {
		cmd.reply(result{err: err})
		return
	}
	a.cogs = append(a.cogs, &loaded{name: cmd.name, pid: pid, gate: g, cog: c})
	ctx.Send(pid, cmd)
}
