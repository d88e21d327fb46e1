package actors

import (
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/wire/admin"
)

// finished takes over the outcome of a transition, and begins the next command.
func (a *cogActor) finished(ctx actor.Context, t *transition) {
	a.running = nil
	a.take(ctx, t)
	if t.command.what == unload || t.command.what == load && t.err != nil {
		a.end(ctx, t)
		return
	}
	if a.current != nil {
		a.show("serving", time.Time{})
	} else {
		a.show("failed", time.Time{})
	}
	a.report(t)
	t.command.reply(result{t.result, t.err})
	a.fail(t)
	a.proceed(ctx)
}

// take makes the outcome of t the actor's own.
func (a *cogActor) take(ctx actor.Context, t *transition) {
	before := a.current
	a.current = t.current
	switch {
	case a.current != nil:
		a.restarting = false
	case t.command.what == restart:
		a.restarting = errors.Is(t.err, context.Canceled)
	}
	if t.command.what == replace {
		a.reloaded = time.Now()
	}
	if t.command.cog != nil && t.err == nil {
		a.cog = *t.command.cog
		ctx.Send(a.srv.actor, &adopted{a.cog})
	}
	if a.saver == nil {
		a.startSaving(ctx)
	}
	if !t.since.IsZero() {
		a.since = t.since
	}
	a.number = max(a.number, t.used)
	a.checkpoint, a.subscribed = t.checkpoint, t.subscribed
	a.failures = t.failures
	if t.command.what == replace && t.err == nil && !t.command.own {
		a.slowSave = false // the operator may have changed the cog
	}
	a.slowSave = a.slowSave || t.slowSave
	if t.err != nil && !errors.Is(t.err, context.Canceled) && !errors.Is(t.err, errNoBuilds) {
		a.lastError = t.err
	}
	t.result.Cog = a.cog.Name
	t.result.Took = milliseconds(time.Since(t.began))
	if t.err == nil && t.command.what != load && a.current != nil && a.current != before {
		a.remember(t.result)
	}
}

// end ends the actor of a cog that is unloaded, or could not be loaded.
func (a *cogActor) end(ctx actor.Context, t *transition) {
	a.gone = true
	a.saver.Stop()
	if a.next != nil {
		a.next.reply(result{err: ErrNotLoaded})
	}
	ctx.Send(a.srv.actor, &cogEnded{name: a.cog.Name, command: t.command, outcome: result{t.result, t.err}})
}

// fail plans a restart if t has left an instance that cannot serve, or has given up a
// restart.
func (a *cogActor) fail(t *transition) {
	switch {
	case a.restarting && a.next == nil:
		// a reload has cut the restart short and has failed, or its waiters have gone
		a.failed = &command{what: restart, cause: a.lastError, again: true, ctx: context.Background()}
	case t.broken == nil:
	case a.next != nil && a.next.what == unload: // the unload ends the instance too
	case a.failed != nil && a.failed.first: // the kill restarts it too
	default:
		a.failed = &command{what: restart, gen: t.current, cause: t.broken, first: true, ctx: context.Background()}
	}
}

// proceed begins the next command: a restart that a reload does not make needless,
// otherwise the waiting command, otherwise any other restart.
func (a *cogActor) proceed(ctx actor.Context) {
	if failed := a.failed; failed != nil && (failed.first || a.next == nil) {
		a.failed = nil
		a.begin(ctx, failed)
		if a.running != nil && a.next != nil {
			a.running.cancel() // a reload revives at once
		}
	}
	if next := a.next; next != nil && a.running == nil {
		a.next = nil
		a.begin(ctx, next)
	}
}

// report logs the outcome of a reload for which no caller waits.
func (a *cogActor) report(t *transition) {
	switch {
	case t.command.what != replace || len(t.command.waiters) > 0 || errors.Is(t.err, context.Canceled):
	case t.err != nil:
		a.srv.log.Error("cog was not reloaded", "cog", a.cog.Name, "serving", t.result.To, "err", t.err)
	default:
		d := t.result
		a.srv.log.Info("cog reloaded", "cog", d.Cog, "from", d.From, "to", d.To, "build", d.Revision, "built_ms", d.Built,
			"paused_ms", d.Paused, "held", d.Held, "lost", d.Lost)
	}
}

// show publishes the cog's status.
func (a *cogActor) show(state string, nextTry time.Time) {
	s := &admin.CogStatus{Name: a.cog.Name, State: state, Restarts: a.restarts, NextTry: nextTry, Generation: a.number}
	if a.current != nil {
		s.Generation, s.Since, s.Routes = a.current.Number, a.since, a.current.Routes()
		s.Revision, _ = a.current.Instance.Revision()
	}
	if a.lastError != nil {
		s.LastError = clip.Text(a.lastError.Error(), clip.Most)
	}
	a.status.Store(s)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
