// Package stats is a cog that tests compile in and run as a process.
package stats

import (
	"context"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// Cog returns the cog.
func Cog() cogs.Cog { return cogs.Cog{Name: "stats", Serial: true, Setup: setup} }

func setup(_ context.Context, r *cogs.Registrar) error {
	n := 0
	cogs.Handle(r, "stats.next", func(context.Context, wire.Empty) (int, error) { n++; return n, nil })
	cogs.Handle(r, "stats.version", func(context.Context, wire.Empty) (string, error) { return version, nil })
	cogs.Handle(r, "stats.echo", func(_ context.Context, s string) (string, error) { return s, nil })
	cogs.Keep(r, "n", &n)
	return nil
}

const version = "one"
