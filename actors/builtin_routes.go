package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// ownName is the name of the cog that every server has. Its routes describe the bot,
// and load, unload, reload and kill cogs.
const ownName = "cogbus"

// adminTimeout is the time limit of routes that wait for a Setup. Setup itself has a
// limit of its own.
const adminTimeout = 10 * time.Minute

func (s *Server) ownCog() cogs.Cog {
	return cogs.Cog{Name: ownName, Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, admin.Ping, func(context.Context, wire.Empty) (wire.Empty, error) { return wire.Empty{}, nil })
		cogs.Handle(r, admin.Routes, func(context.Context, wire.Empty) ([]admin.RouteStatus, error) { return s.Routes(), nil })
		cogs.Handle(r, admin.Cogs, func(context.Context, wire.Empty) ([]admin.CogStatus, error) { return s.Cogs(), nil })
		cogs.Handle(r, admin.Stats, func(context.Context, wire.Empty) (admin.BotStats, error) { return s.stats(), nil })
		cogs.Handle(r, admin.Kill, func(ctx context.Context, q admin.CogName) (wire.Empty, error) {
			_, err := s.administer(ctx, func() (admin.SwitchResult, error) {
				return s.askAbout(ctx, "kill", &command{what: kill, name: q.Name})
			})
			return wire.Empty{}, err
		})
		cogs.HandleWith(r, admin.Load, cogs.RouteOptions[admin.CogName]{Timeout: adminTimeout}, func(ctx context.Context, q admin.CogName) (admin.SwitchResult, error) {
			return s.administer(ctx, func() (admin.SwitchResult, error) {
				return s.askAbout(ctx, "load", &command{what: load, name: q.Name})
			})
		})
		cogs.HandleWith(r, admin.Unload, cogs.RouteOptions[admin.CogName]{Timeout: adminTimeout}, func(ctx context.Context, q admin.CogName) (admin.SwitchResult, error) {
			return s.administer(ctx, func() (admin.SwitchResult, error) { return s.unload(ctx, q.Name) })
		})
		cogs.HandleWith(r, admin.Reload, cogs.RouteOptions[admin.ReloadRequest]{Timeout: adminTimeout}, func(ctx context.Context, q admin.ReloadRequest) (admin.SwitchResult, error) {
			return s.administer(ctx, func() (admin.SwitchResult, error) {
				o := &command{what: replace, name: q.Name, opts: ReloadOptions{Fresh: q.Fresh, Force: q.Force, Rollback: q.Rollback}}
				if q.Name == ownName {
					return s.askAbout(ctx, "reload", o)
				}
				d, err := s.ask(ctx, o)
				return d, notReloaded(d, err)
			})
		})
		return nil
	}}
}

// notReloaded adds to an error which generation serves.
func notReloaded(d admin.SwitchResult, err error) error {
	switch {
	case err == nil || d.Cog == "": // there is no cog of that name
		return err
	case d.To == 0:
		return fmt.Errorf("%s: not reloaded, and nothing serves: %w", d.Cog, err)
	}
	return fmt.Errorf("%s: not reloaded, gen %d still serving: %w", d.Cog, d.To, err)
}

// administer runs f for an admin. Admins get the whole text of its error, which tells
// why a cog does not set up.
func (s *Server) administer(ctx context.Context, f func() (admin.SwitchResult, error)) (admin.SwitchResult, error) {
	if !cogs.CallInfo(ctx).Admin {
		return admin.SwitchResult{}, wire.Errorf(wire.Forbidden, "this takes the admin secret")
	}
	d, err := f()
	switch {
	case err == nil:
		return d, nil
	case errors.Is(err, ErrNotLoaded):
		return d, wire.Errorf(wire.NotFound, "%v", err)
	case errors.Is(err, ErrLoaded), errors.Is(err, ErrRouteTaken):
		return d, wire.Errorf(wire.Conflict, "%v", err)
	case errors.Is(err, errNotServing):
		return d, wire.Errorf(wire.Unavailable, "%v", err)
	}
	if e, ok := errors.AsType[*wire.Error](err); ok && e.Code == wire.Forbidden {
		return d, e
	}
	return d, wire.Errorf(wire.Failed, "%v", err)
}
