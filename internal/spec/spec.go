// Package spec turns a cog as its author has written it, a cogs.Cog, into the form in which
// the packages that run cogs use it.
package spec

import (
	"context"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
)

// Of returns the Spec of c.
func Of(c cogs.Cog) instance.Spec {
	s := instance.Spec{
		Name:         c.Name,
		Serial:       c.Serial,
		Timeout:      c.Timeout,
		SetupTimeout: c.SetupTimeout,
		DrainTimeout: c.DrainTimeout,
		MaxInFlight:  c.MaxInFlight,
		MaxHeld:      c.MaxHeld,
	}
	if setup := c.Setup; setup != nil {
		s.Setup = func(ctx context.Context, r *instance.Recorder) error { return setup(ctx, (*cogs.Registrar)(r)) }
	}
	return s
}
