package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func (s *Server) askAbout(ctx context.Context, what string, o *command) (admin.SwitchResult, error) {
	if o.opts.Drain < 0 {
		return admin.SwitchResult{}, fmt.Errorf("%s %.300s: ReloadOptions.Drain is negative (%v); zero is the cog's DrainTimeout", what, o.name, o.opts.Drain)
	}
	if o.name == ownName {
		return admin.SwitchResult{}, wire.Errorf(wire.Forbidden, "%s: the cog %q is the server's own", what, ownName)
	}
	d, err := s.ask(ctx, o)
	if err != nil {
		return d, fmt.Errorf("%s %.300s: %w", what, o.name, err)
	}
	return d, nil
}

// ask sends a command to the server actor and waits for its result.
func (s *Server) ask(ctx context.Context, o *command) (admin.SwitchResult, error) {
	if err := ctx.Err(); err != nil {
		return admin.SwitchResult{}, err
	}
	if router.InSetup(ctx, o.name) {
		return admin.SwitchResult{}, errors.New("a cog cannot ask for that in its own Setup, which it would wait for")
	}
	reply := make(chan result, 1)
	o.ctx = ctx
	if router.Within(ctx, o.name) {
		o.early = append(o.early, reply)
	} else {
		o.waiters = append(o.waiters, reply)
	}
	select {
	case <-s.closed:
		if o.what != unload {
			return admin.SwitchResult{}, ErrClosed
		}
	default:
	}
	s.system.Root.Send(s.actor, o)
	select {
	case d := <-reply:
		return d.switched, d.err
	case <-ctx.Done():
		s.system.Root.Send(s.actor, &waiterGone{o.name, reply})
		return admin.SwitchResult{}, ctx.Err()
	case <-s.ended: // Close has stopped the server actor before it replied
		select {
		case d := <-reply:
			return d.switched, d.err
		default:
			return admin.SwitchResult{}, ErrClosed
		}
	}
}

// requestReload asks for a reload without a waiter.
func (s *Server) requestReload(name string) {
	s.system.Root.Send(s.actor, &command{what: replace, name: name, ctx: context.Background(), detached: true, own: true})
}

// restart tells a cog's actor that gen has failed.
func (s *Server) restart(gen *gate.Generation, cog *actor.PID, cause error) {
	s.system.Root.Send(cog, &command{what: restart, gen: gen, cause: cause, ctx: context.Background()})
}
