package cogs

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/internal/instance"
)

// A Registrar collects the routes, listeners, tasks, kept values and cleanups of one
// instance of a cog. Setup uses it, from one goroutine at a time; only Reason and
// RequestReload may be called later. Its methods, and the functions that take a Registrar,
// panic if they are used wrongly, and the panic fails the Setup.
type Registrar instance.Recorder

// recorder returns r with the additional methods that only packages of this module may use.
func (r *Registrar) recorder() *instance.Recorder { return (*instance.Recorder)(r) }

// Go records a task. When the instance is activated, the bot runs f in a goroutine of its
// own. When the instance ends, the bot cancels the context of f and waits for f to return,
// for at most the cog's DrainTimeout. If f panics, calls runtime.Goexit or returns an error
// before its context is done, the cog restarts.
func (r *Registrar) Go(f func(ctx context.Context) error) { r.recorder().Go(f) }

// Every records a function that the bot runs once per interval. The first run is one
// interval after the activation: if the cog is reloaded more often than once per interval,
// f never runs. interval must be positive.
//
// Each run, a tick, counts as a call of the cog, with its time limit. Ticks of one Every
// never overlap: the bot leaves a tick out while the one before still runs. If f panics or
// returns an error, the cog restarts.
func (r *Registrar) Every(interval time.Duration, f func(ctx context.Context) error) {
	r.recorder().Every(interval, f)
}

// Cleanup records f to run when the instance has ended, or when Setup fails. At that time
// no other code of the instance runs. Cleanups run one after the other, the last recorded
// first. If one panics or calls runtime.Goexit, the bot logs that and runs the others; if
// one never returns, the others never run.
func (r *Registrar) Cleanup(f func()) { r.recorder().Cleanup(f) }

// Reason returns the reason why the bot runs this Setup. It may be called at any time.
func (r *Registrar) Reason() Reason { return Reason(r.recorder().Reason()) }

// A Reason says why the bot runs Setup; see [Registrar.Reason].
type Reason string

// The reasons why the bot runs Setup.
const (
	// Load: the bot loads the cog.
	Load Reason = "load"

	// Reload: an operator or the cog reloads the cog, or an operator replaces it. The
	// instance before serves meanwhile, unless it has failed.
	Reload Reason = "reload"

	// Restart: the instance before has failed, or could not be saved in time.
	Restart Reason = "restart"

	// Rollback: an operator goes back to the build before the one that serves. Only cogs
	// that are built from source have builds; see package process.
	Rollback Reason = "rollback"
)

// RequestReload asks the bot to reload the cog, and does not wait for that. Unlike the
// other methods it may be called at any time and by several goroutines, for example by a
// task that watches a file.
func (r *Registrar) RequestReload() { r.recorder().RequestReload() }
