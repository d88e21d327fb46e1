package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// Limits of restarts, as in the table of failures in docs/architecture.md.
const (
	firstBackoff = 100 * time.Millisecond
	worstBackoff = 30 * time.Second
	maxFailedRun = 8 // failures in a row
	healthy      = 60 * time.Second
	leaveState   = 2 // failed starts with the checkpoint; later ones do without
)

// retrying tells the cog actor the time of the next try of a restart.
type retrying struct{ at time.Time }

// restart ends a failed instance, if there still is one, and tries to put a new one in
// service.
func (t *transition) restart(ctx context.Context) error {
	if t.old != nil {
		t.endFailed()
	}
	failedStarts := 0
	for err := t.command.cause; ; {
		if t.failures >= maxFailedRun {
			t.gate.RefuseAll(wire.Errorf(wire.Unavailable, "cog %q has failed; a reload revives it", t.cog.Name))
			err = fmt.Errorf("gave up after %d failures in a row: %w", t.failures, err)
			t.srv.log.Error("cog has failed; a reload revives it", "cog", t.cog.Name, "err", err)
			return err
		}
		wait := backoff(t.failures)
		t.gate.RefuseAll(t.unavailable(wait))
		t.srv.system.Root.Send(t.actor, &retrying{time.Now().Add(wait)})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		if failedStarts >= leaveState && t.checkpoint != nil {
			t.note("the kept values are left out: it failed to start with them")
			t.checkpoint = nil
		}
		if err = t.start(ctx); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.srv.log.Error("cog does not start", "cog", t.cog.Name, "err", err, "failures", t.failures)
		failedStarts++
		t.failures++
	}
}

// endFailed ends the instance that has failed.
func (t *transition) endFailed() {
	t.srv.log.Error("cog failed and restarts", "cog", t.cog.Name, "generation", t.old.Number, "err", t.command.cause, "failures", t.failures)
	t.gate.RefuseAll(t.unavailable(backoff(t.failures)))
	interrupted := wire.Errorf(wire.Interrupted, "cog %q failed while the call ran", t.cog.Name)
	t.srv.router.CancelAll(t.old, interrupted)
	if t.command.kill {
		t.kill(t.old.Instance, t.old.Number)
	}
	t.end(t.old, time.Now(), t.deadline(), interrupted)
	t.current = nil
}

func (t *transition) unavailable(wait time.Duration) *wire.Error {
	return &wire.Error{Code: wire.Unavailable, Message: fmt.Sprintf("cog %q has failed and restarts", t.cog.Name), RetryAfter: wait}
}

// backoff returns the wait before a restart. It doubles with each failure, with up to a
// quarter of jitter.
func backoff(failures int) time.Duration {
	d := min(worstBackoff, firstBackoff<<min(failures-1, 20))
	return d + rand.N(d/4+1)
}
