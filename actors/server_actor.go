package actors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/instance"
)

// The server actor owns which cogs are loaded, and is the only one who writes
// the route table.
type serverActor struct {
	srv *Server

	// owned by the actor
	cogs   []*loaded                // in the order of loading
	known  map[string]instance.Spec // what can be loaded by its name
	ending map[string]*cogEnded     // by the ids of actors that are stopping
	spawns int
	sealed bool
}

// Receive handles one message.
func (a *serverActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *order:
		a.order(ctx, m)
	case *updateEndpoints:
		m.reply <- a.srv.router.Publish(m.cog, m.generations...)
	case *adopted:
		a.known[m.cog.Name] = m.cog
	case *gaveUp:
		if l := a.find(m.name); l != nil {
			ctx.Send(l.pid, m)
		}
	case *cogEnded:
		if l := a.find(m.name); l != nil {
			// behind all that was sent to it: nothing is lost
			ctx.Poison(l.pid)
			a.cogs = slices.DeleteFunc(a.cogs, func(other *loaded) bool { return other == l })
			a.ending[l.pid.Id] = m
		}
	case *actor.Terminated:
		if end := a.ending[m.Who.Id]; end != nil {
			delete(a.ending, m.Who.Id)
			end.order.answer(end.outcome)
		}
	case *listCogs:
		m.reply <- slices.Clone(a.cogs)
	case *sealCogs:
		a.sealed = true
		m.reply <- slices.Clone(a.cogs)
	}
}

func (a *serverActor) order(ctx actor.Context, o *order) {
	l := a.find(o.name)
	switch {
	case a.sealed && o.what != unload:
		o.answer(done{err: ErrClosed})
	case o.what == load && l != nil:
		o.answer(done{err: ErrLoaded})
	case o.what == load:
		a.load(ctx, o)
	case l == nil:
		o.answer(done{err: a.notLoaded("")})
	default:
		ctx.Send(l.pid, o)
	}
}

// notLoaded names what is loaded: the name that was given is misspelt, perhaps. more
// goes on with the sentence.
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

func (a *serverActor) load(ctx actor.Context, o *order) {
	if o.cog == nil {
		cog, ok := a.known[o.name]
		if !ok {
			o.answer(done{err: a.notLoaded(", and never was")})
			return
		}
		o.cog = &cog
	}
	a.known[o.name] = *o.cog
	g := a.srv.router.NewGate(*o.cog)
	c := &cogActor{srv: a.srv, gate: g, cog: *o.cog}
	a.spawns++
	// a number, since a name may be anything and may come again
	pid, err := ctx.SpawnNamed(propsOf(func() actor.Actor { return c }, &a.srv.router.Pool, a.srv.log), fmt.Sprintf("cog@%d", a.spawns))
	if err != nil {
		o.answer(done{err: err})
		return
	}
	a.cogs = append(a.cogs, &loaded{name: o.name, pid: pid, gate: g, cog: c})
	ctx.Send(pid, o)
}
