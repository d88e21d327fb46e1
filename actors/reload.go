package actors

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/spec"
	"github.com/cogbus/cogbus/wire/admin"
)

// ReloadOptions are the options of a reload. The zero value suits most reloads.
type ReloadOptions struct {
	// Fresh starts the new instance without the state of the old one.
	Fresh bool

	// Force replaces the old instance even if handlers or tasks of it hang. The new one
	// then starts from the last saved state.
	Force bool

	// Rollback starts the previous build instead of a new one. It is an error for a cog
	// that is not built from source.
	Rollback bool

	// Drain is the time to wait for running calls. If zero, the cog's DrainTimeout.
	// It is an error if it is negative.
	Drain time.Duration
}

// Reload makes a new instance of the named cog and replaces the old one with it, step
// by step as in docs/architecture.md. No call runs twice. A call is lost only if its
// handler runs longer than the cog's DrainTimeout. If the new instance does not set up, or its state cannot be handed over, the old one serves on
// and the error says why. The error wraps [ErrNotLoaded] if there is no such cog. There
// is one exception: if saving the old instance's state does not end, the old one cannot
// serve on. Then Reload goes on with the last saved state, and says so in the note.
// All reloads that come while one runs become one reload after it.
//
// Reload returns when the old instance has ended. If a handler or a task of the cog
// itself calls it, it returns when Setup has passed, because the rest waits for that
// handler. A nil opts means the zero ReloadOptions. If ctx ends, Reload gives Setup up;
// a switch that has begun goes on.
func (s *Server) Reload(ctx context.Context, name string, opts *ReloadOptions) (admin.SwitchResult, error) {
	return s.askAbout(ctx, "reload", &command{what: replace, name: name, opts: opts.orZero()})
}

// Replace is Reload with another value for the cog of the same name.
func (s *Server) Replace(ctx context.Context, cog cogs.Cog, opts *ReloadOptions) (admin.SwitchResult, error) {
	next := spec.Of(cog)
	return s.askAbout(ctx, "replace", &command{what: replace, name: cog.Name, cog: &next, opts: opts.orZero()})
}

func (o *ReloadOptions) orZero() ReloadOptions {
	if o == nil {
		return ReloadOptions{}
	}
	return *o
}
