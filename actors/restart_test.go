package actors_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// A tripwire fails the task of a cog on demand.
type tripwire chan struct{}

func (w tripwire) task(ctx context.Context) error {
	select {
	case <-w:
		return errors.New("gateway lost")
	case <-ctx.Done():
		return nil
	}
}

// trip fails a task and waits until the server knows.
func (w tripwire) trip(t *testing.T) {
	t.Helper()
	select {
	case w <- struct{}{}:
	case <-time.After(time.Hour):
		t.Fatal("no task is running; want one")
	}
	synctest.Wait()
}

// saying returns a cog with a route that returns a text, kept values, and a tripwire.
func saying(text string, fail tripwire) cogs.Cog {
	return cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Keep(r, "n", new(int))
		cogs.Handle(r, "say", func(context.Context, wire.Empty) (string, error) { return text, nil })
		r.Go(fail.task)
		return nil
	}}
}

func wantSaid(t *testing.T, bot *client.Client, when, want string) {
	t.Helper()
	if got := mustCall[wire.Empty, string](t, bot, "say", wire.Empty{}); got != want {
		t.Errorf("Call(say) %s = %q; want %s", when, got, want)
	}
}

// TestReplace_failed replaces a cog by one that does not start. No part of that one
// stays: a restart, a reload, and a load by name take the previous one.
func TestReplace_failed(t *testing.T) {
	for name, bad := range map[string]cogs.Cog{
		"Setup fails": {Name: "c", Setup: func(context.Context, *cogs.Registrar) error { return errors.New("no database") }},
		"route taken": {Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			return nil
		}},
		"values do not decode": {Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new([]string))
			return nil
		}},
		"no Setup": {Name: "c"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failOld, failNew := make(tripwire), make(tripwire)
				srv, bot := cogtest.Start(t, saying("old", failOld), cogs.Single(one, func(context.Context, wire.Empty) (int, error) { return 1, nil }))
				if _, err := srv.Replace(t.Context(), bad, nil); err == nil {
					t.Fatal("Replace succeeded; want an error")
				}
				wantSaid(t, bot, "after the failed Replace", "old")
				failOld.trip(t)
				time.Sleep(time.Second)
				wantSaid(t, bot, "after a restart", "old")
				if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
					t.Errorf("Reload failed: %v", err)
				}
				wantSaid(t, bot, "after a reload", "old")
				byName := func() {
					t.Helper()
					if err := srv.Unload(t.Context(), "c"); err != nil {
						t.Errorf("Unload failed: %v", err)
					}
					mustCall(t, bot, admin.Load, admin.CogName{Name: "c"})
				}
				byName()
				wantSaid(t, bot, "after a load by the name", "old")

				if _, err := srv.Replace(t.Context(), saying("new", failNew), nil); err != nil {
					t.Errorf("Replace failed: %v", err)
				}
				failNew.trip(t)
				time.Sleep(time.Second)
				wantSaid(t, bot, "after a restart of what has replaced it", "new")
				byName()
				wantSaid(t, bot, "after a load of that by the name", "new")
			})
		})
	}
}

// TestTask_failsDuringAReloadThatFails fails the task of the instance that serves
// while a reload is in its Setup, which fails too, and a second one waits.
func TestTask_failsDuringAReloadThatFails(t *testing.T) {
	for _, reloads := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			fail := make(tripwire)
			var setups atomic.Int64
			srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
				handleOne(r)
				r.Go(fail.task)
				if n := int(setups.Add(1)); n > 1 && n <= 1+reloads {
					time.Sleep(time.Second)
					return errors.New("no database")
				}
				return nil
			}})
			outcomes := make(chan error, reloads)
			for range reloads {
				go func() {
					_, err := srv.Reload(t.Context(), "c", nil)
					outcomes <- err
				}()
				synctest.Wait()
			}
			fail.trip(t)
			for range reloads {
				if err := <-outcomes; err == nil {
					t.Error("Reload succeeded; want what Setup returned")
				}
			}
			time.Sleep(time.Second)
			if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 1 {
				t.Errorf("Cogs()[0] = %+v; want it to serve after one restart: its task is dead", s)
			}
			if got := mustCall(t, bot, one, wire.Empty{}); got != 1 {
				t.Errorf("Call(one) = %d; want 1", got)
			}
		})
	}
}

// TestTask_failsDuringAReloadThatPasses fails a task during a reload that succeeds. No
// restart follows, since the reload has replaced the instance.
func TestTask_failsDuringAReloadThatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := make(tripwire)
		slow := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.Go(fail.task)
			time.Sleep(time.Second)
			return nil
		}}
		srv, _ := cogtest.Start(t, slow)
		outcome := make(chan error, 1)
		go func() {
			_, err := srv.Reload(t.Context(), "c", nil)
			outcome <- err
		}()
		synctest.Wait()
		fail.trip(t)
		if err := <-outcome; err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		time.Sleep(time.Minute)
		if s := srv.Cogs()[0]; s.State != "serving" || s.Generation != 2 || s.Restarts != 0 {
			t.Errorf("Cogs()[0] = %+v; want generation 2, and no restart", s)
		}
	})
}

// TestReload_resetsTheFailures fails seven times, which is one less than a cog may,
// then reloads. The next failure counts as the first.
func TestReload_resetsTheFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := make(tripwire)
		srv, bot := cogtest.Start(t, saying("well", fail))
		for round := range 3 {
			for n := range 7 {
				fail.trip(t)
				s := srv.Cogs()[0]
				if n == 0 && (s.State != "restarting" || time.Until(s.NextTry) > 200*time.Millisecond) {
					t.Errorf("Cogs()[0] after the first failure of round %d = %+v; want the next try in 0.1 s", round, s)
				}
				time.Sleep(time.Until(s.NextTry) + time.Second)
			}
			if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 7*(round+1) {
				t.Errorf("Cogs()[0] = %+v; want it to serve after %d restarts", s, 7*(round+1))
			}
			if round == 1 { // this one fails, and resets nothing
				broken := cogs.Cog{Name: "c", Setup: func(context.Context, *cogs.Registrar) error { return errors.New("no database") }}
				if _, err := srv.Replace(t.Context(), broken, nil); err == nil {
					t.Error("Replace succeeded; want an error")
				}
				break
			}
			if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
				t.Errorf("Reload failed: %v", err)
			}
		}
		fail.trip(t)
		if s := srv.Cogs()[0]; s.State != "failed" {
			t.Errorf("Cogs()[0] after the eighth failure = %+v; want failed", s)
		}
		if _, err := srv.Reload(t.Context(), "c", &actors.ReloadOptions{Fresh: true}); err != nil {
			t.Errorf("Reload of a failed cog = %v; want it revived", err)
		}
		wantSaid(t, bot, "after a reload", "well")
	})
}

// TestRestart_startsThatFailCount has tasks and Setups fail in turn.
func TestRestart_startsThatFailCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var setups, tasks atomic.Int64
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			if setups.Add(1)%2 == 0 {
				return errors.New("no database")
			}
			r.Go(func(context.Context) error { tasks.Add(1); return errors.New("gateway lost") })
			return nil
		}})
		time.Sleep(time.Hour)
		if s := srv.Cogs()[0]; s.State != "failed" || setups.Load() != 8 || tasks.Load() != 4 {
			t.Errorf("Cogs()[0] = %+v after %d Setups and %d tasks; want failed after 8, 4 of them with a task", s, setups.Load(), tasks.Load())
		}
	})
}
