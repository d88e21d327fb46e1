package actors_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// A sloth is a cog with functions that take 12 s to save. It notes for each instance
// the code that runs beside its saving.
type sloth struct {
	setup func(instance int64, r *cogs.Registrar) error // may be nil

	instances, saves, restores, cleaned atomic.Int64
	beside                              sync.Map // the code that ran beside the saving of its own instance
}

func (s *sloth) cog() cogs.Cog {
	return cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
		number := s.instances.Add(1)
		var saving, saved atomic.Int64
		note := func(what string) {
			if saving.Load() > 0 {
				s.beside.Store(what, number)
			}
		}
		r.KeepFunc("n", func() ([]byte, error) {
			s.saves.Add(1)
			note("a save")
			saving.Add(1)
			defer saving.Add(-1)
			if saved.Add(1) > 1 {
				s.beside.Store("a second save", number)
			}
			time.Sleep(12 * time.Second)
			return []byte("1"), nil
		}, func([]byte) error { s.restores.Add(1); note("a restore"); return nil })
		cogs.Handle(r, one, func(context.Context, wire.Empty) (int, error) {
			note("a handler")
			defer note("a handler")
			time.Sleep(time.Millisecond)
			return 1, nil
		})
		r.Every(3*time.Second, func(context.Context) error { note("a tick"); return nil })
		r.Cleanup(func() { note("a cleanup"); s.cleaned.Add(1) })
		if s.setup != nil {
			return s.setup(number, r)
		}
		return nil
	}}
}

func (s *sloth) check(t *testing.T) {
	t.Helper()
	s.beside.Range(func(what, number any) bool {
		t.Errorf("%s of instance %d ran beside its saving; want nothing to", what, number)
		return true
	})
}

// TestKeep_savingDoesNotEnd has a cog under calls that is not saved within the limit.
// The server tries it once. A fresh instance takes the held calls over, and neither
// that instance nor the ones of later restarts are saved while they serve.
func TestKeep_savingDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails atomic.Bool
		s := sloth{setup: func(_ int64, r *cogs.Registrar) error {
			r.Every(time.Second, func(context.Context) error {
				if fails.Swap(false) {
					return errors.New("gateway lost")
				}
				return nil
			})
			return nil
		}}
		srv, bot := cogtest.Start(t, s.cog())
		var held, worst time.Duration
		calls := func(d time.Duration) {
			for began := time.Now(); time.Since(began) < d; {
				time.Sleep(100 * time.Millisecond)
				at := time.Now()
				mustCall(t, bot, one, wire.Empty{})
				if took := time.Since(at); took > 20*time.Millisecond {
					held += took
					worst = max(worst, took)
				}
			}
		}
		calls(65 * time.Second)
		if got := s.saves.Load(); got != 1 || held > 6*time.Second {
			t.Errorf("it was saved %d times in 65 s, and calls were held for %v, the worst for %v; want once, and at most 6 s", got, held, worst)
		}
		if c := srv.Cogs()[0]; c.State != "serving" || c.Generation != 2 || c.Restarts != 0 || s.cleaned.Load() != 1 {
			t.Errorf("Cogs()[0] = %+v after %d cleanups; want a fresh instance, no restart, and the old one cleaned up", c, s.cleaned.Load())
		}
		fails.Store(true)
		time.Sleep(3 * time.Second)
		calls(30 * time.Second)
		if c := srv.Cogs()[0]; c.State != "serving" || c.Restarts != 1 || s.saves.Load() != 1 {
			t.Errorf("Cogs()[0] = %+v after %d saves; want one restart, and that no more saving was tried", c, s.saves.Load())
		}
		_ = srv.Close()
		time.Sleep(time.Minute)
		s.check(t)
	})
}

// TestKeep_savingDoesNotEnd_reloaded reloads a cog that is not saved within the limit.
func TestKeep_savingDoesNotEnd_reloaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sloth
		srv, bot := cogtest.Start(t, s.cog())
		outcome := make(chan error, 1)
		go func() {
			d, err := srv.Reload(t.Context(), "c", nil)
			if d.From != 1 || d.To != 2 || d.Held != 1 || !strings.Contains(d.Note, "last checkpoint") {
				t.Errorf("Reload = %+v; want the switch, and a note of what it starts from", d)
			}
			outcome <- err
		}()
		time.Sleep(time.Second)
		mustCall(t, bot, one, wire.Empty{})
		if err := <-outcome; err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		_ = srv.Close()
		time.Sleep(time.Minute)
		s.check(t)
		if got := s.cleaned.Load(); got != 2 {
			t.Errorf("%d instances were cleaned up; want both", got)
		}
	})
}

// TestKeep_savingDoesNotEnd_nothingStarts lets Setup fail, once or always, so that no
// fresh instance takes the calls over.
func TestKeep_savingDoesNotEnd_nothingStarts(t *testing.T) {
	for _, c := range []struct {
		name  string
		bad   int64 // how many instances after the first fail
		state string
	}{{"once", 1, "serving"}, {"always", 100, "failed"}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := sloth{setup: func(number int64, _ *cogs.Registrar) error {
					if number > 1 && number <= 1+c.bad {
						return errors.New("no database")
					}
					return nil
				}}
				srv, bot := cogtest.Start(t, s.cog())
				time.Sleep(15*time.Second + time.Millisecond) // the first 10 s, and the limit
				if got := srv.Cogs()[0]; got.State != "restarting" || got.Restarts != 1 || !strings.Contains(got.LastError, "no database") {
					t.Errorf("Cogs()[0] = %+v; want it to restart, and why", got)
				}
				time.Sleep(3 * time.Minute)
				if got := srv.Cogs()[0]; got.State != c.state {
					t.Errorf("Cogs()[0] = %+v; want %s", got, c.state)
				}
				if c.state == "serving" {
					mustCall(t, bot, one, wire.Empty{})
				}
				_ = srv.Close()
				time.Sleep(time.Minute)
				s.check(t)
			})
		})
	}
}

// TestKeep_savingDoesNotEnd_andRestoreFails reloads with a saving that does not end and
// a new instance that cannot restore the previous state. Neither can serve, so the cog
// restarts.
func TestKeep_savingDoesNotEnd_andRestoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang, bad atomic.Bool
		stop := make(chan struct{})
		defer close(stop)
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.KeepFunc("n", func() ([]byte, error) {
				if hang.Load() {
					<-stop
				}
				return []byte("1"), nil
			}, func([]byte) error {
				if bad.Swap(false) {
					return errors.New("of another version")
				}
				return nil
			})
			handleOne(r)
			return nil
		}})
		time.Sleep(11 * time.Second)
		hang.Store(true)
		bad.Store(true)
		d, err := srv.Reload(t.Context(), "c", nil)
		if err == nil || !strings.Contains(err.Error(), "restarts") || !strings.Contains(err.Error(), "of another version") || d.To != 0 {
			t.Errorf("Reload = %+v, %v; want an error that says why the cog restarts", d, err)
		}
		time.Sleep(time.Second)
		mustCall(t, bot, one, wire.Empty{})
		if got := srv.Cogs()[0]; got.State != "serving" || got.Restarts != 1 {
			t.Errorf("Cogs()[0] = %+v; want it to serve after one restart", got)
		}
	})
}

// TestKeep_savedAgainAfterAReload has a cog that is slow to save. After an operator's
// reload the server saves it while it serves again. A reload that the cog itself asks
// for does not change that.
func TestKeep_savedAgainAfterAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow atomic.Bool
		var saves atomic.Int64
		var newest atomic.Pointer[cogs.Registrar]
		slow.Store(true)
		srv, _ := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			newest.Store(r)
			r.KeepFunc("n", func() ([]byte, error) {
				saves.Add(1)
				if slow.Load() {
					time.Sleep(12 * time.Second)
				}
				return []byte("1"), nil
			}, func([]byte) error { return nil })
			return nil
		}})
		time.Sleep(time.Minute)
		slow.Store(false)
		newest.Load().RequestReload()
		time.Sleep(55 * time.Second) // between two checkpoints
		if got := saves.Load(); got != 2 {
			t.Errorf("it was saved %d times; want 2: at the first checkpoint, and at the reload that it has asked for", got)
		}
		if _, err := srv.Reload(t.Context(), "c", &actors.ReloadOptions{}); err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		time.Sleep(34 * time.Second)
		if got := saves.Load(); got != 6 {
			t.Errorf("it was saved %d times; want 6: at the reload, and three times in 34 s", got)
		}
	})
}
