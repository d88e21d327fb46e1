package cogs

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/internal/instance"
)

// A Registrar collects what one instance of a cog offers and holds. Setup uses it;
// only Reason and RequestReload may be called later. Its methods and the functions
// that take it panic if they are used wrongly, which fails the Setup.
type Registrar instance.Recorder

// recorder returns r with the methods that this module's own packages have besides.
func (r *Registrar) recorder() *instance.Recorder { return (*instance.Recorder)(r) }

// Go records a task: f runs in a goroutine of its own from the activation of
// the instance on. Its context is done when the instance ends, which waits for
// f to return, for the cog's DrainTimeout. If f panics, calls runtime.Goexit or
// returns an error before that, the cog restarts.
func (r *Registrar) Go(f func(ctx context.Context) error) { r.recorder().Go(f) }

// Every records a task that runs each interval from the activation on. It
// counts as a call of the cog and never overlaps itself; a tick that comes while
// the last one still runs is left out. If f panics or returns an error, the cog
// restarts. The first run is one interval after the activation: a cog that is
// reloaded more often than that never gets there.
func (r *Registrar) Every(interval time.Duration, f func(ctx context.Context) error) {
	r.recorder().Every(interval, f)
}

// Cleanup records f to run when the instance has ended, or when Setup fails.
// Cleanups run last added, first called, when nothing of the instance runs any
// more. A panic of one, or runtime.Goexit, does not keep the others from running;
// one that does not return does.
func (r *Registrar) Cleanup(f func()) { r.recorder().Cleanup(f) }

// Reason returns why Setup runs.
func (r *Registrar) Reason() Reason { return Reason(r.recorder().Reason()) }

// A Reason says why Setup runs: see [Registrar.Reason].
type Reason string

// The reasons why Setup runs.
const (
	// Load: the bot loads the cog.
	Load Reason = "load"

	// Reload: somebody reloads the cog, or replaces it. Another instance serves, unless
	// the cog has failed.
	Reload Reason = "reload"

	// Restart: the instance before has failed, or could not be saved.
	Restart Reason = "restart"

	// Rollback: somebody wants the build before the one that serves. Only cogs that are
	// built from source have builds; see package process.
	Rollback Reason = "rollback"
)

// RequestReload asks the bot to reload the cog and does not wait. Unlike the
// other methods it may be called at any time and by several goroutines, by a
// task that watches a file for instance.
func (r *Registrar) RequestReload() { r.recorder().RequestReload() }
