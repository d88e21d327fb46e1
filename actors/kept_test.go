package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// A ledger is a cog that counts its calls and notes when the count is saved. Its tick
// fails on demand.
type ledger struct {
	fails atomic.Bool
	saves atomic.Int64
	busy  atomic.Int64 // how long a call takes
	task  bool         // it has a task of Registrar.Go
}

func (l *ledger) cog() cogs.Cog {
	return cogs.Cog{Name: "c", Serial: true, Setup: func(_ context.Context, r *cogs.Registrar) error {
		n := 0
		r.KeepFunc("n", func() ([]byte, error) { l.saves.Add(1); return strconv.AppendInt(nil, int64(n), 10), nil },
			func(text []byte) (err error) { n, err = strconv.Atoi(string(text)); return err })
		cogs.Handle(r, next, func(context.Context, wire.Empty) (int, error) {
			n++
			time.Sleep(time.Duration(l.busy.Load()))
			return n, nil
		})
		r.Every(700*time.Millisecond, func(context.Context) error {
			if l.fails.Swap(false) {
				n = 1000 // a value that must not be saved
				return errors.New("gateway lost")
			}
			return nil
		})
		if l.task {
			r.Go(func(ctx context.Context) error { <-ctx.Done(); return nil })
		}
		return nil
	}}
}

// restart lets the cog fail and waits until it serves again.
func (l *ledger) restart() {
	l.fails.Store(true)
	time.Sleep(2 * time.Second)
}

func TestKeep_savedWhileServing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		srv, bot := cogtest.Start(t, l.cog())
		count := func(want int) {
			t.Helper()
			if got := mustCall(t, bot, next, wire.Empty{}); got != want {
				t.Errorf("Call(next) = %d; want %d", got, want)
			}
		}
		for n := range 5 {
			count(n + 1)
		}
		l.restart()
		count(1) // no count was saved yet
		time.Sleep(10 * time.Second)
		count(2) // the restart has forgotten the calls since the last save
		l.restart()
		count(2)
		if got := l.saves.Load(); got != 1 {
			t.Errorf("it was saved %d times in the first 14 s; want once", got)
		}
		time.Sleep(time.Minute)
		if got := l.saves.Load(); got != 7 {
			t.Errorf("it was saved %d times in 74 s; want 7", got)
		}
		if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 2 || s.Generation != 3 {
			t.Errorf("Cogs()[0] = %+v; want generation 3 after two restarts", s)
		}
		if _, err := srv.Reload(t.Context(), "c", &actors.ReloadOptions{Fresh: true}); err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		l.restart()
		count(1) // a fresh start forgets the saved count
		if err := srv.Unload(t.Context(), "c"); err != nil {
			t.Errorf("Unload failed: %v", err)
		}
		saves := l.saves.Load()
		time.Sleep(time.Minute)
		if got := l.saves.Load(); got != saves {
			t.Errorf("it was saved %d times after the unload; want never", got-saves)
		}
	})
}

// TestKeep_isNotSavedBesideCalls has a call that does not end in the 20 ms in which
// the cog may be paused, and others beside it.
func TestKeep_isNotSavedBesideCalls(t *testing.T) {
	for _, c := range []struct {
		left  time.Duration // of the call at the tenth second
		saves int64
		worst time.Duration // that another call takes
	}{
		{left: 15 * time.Millisecond, saves: 1, worst: 15 * time.Millisecond},
		{left: 25 * time.Millisecond, saves: 0, worst: 20 * time.Millisecond},
		{left: 15 * time.Second, saves: 0, worst: 20 * time.Millisecond},
	} {
		t.Run(fmt.Sprint(c.left), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var saves atomic.Int64
				_, bot := cogtest.Start(t, cogs.Cog{Name: "c", Timeout: time.Minute, Setup: func(_ context.Context, r *cogs.Registrar) error {
					r.KeepFunc("n", func() ([]byte, error) { saves.Add(1); return []byte("1"), nil }, func([]byte) error { return nil })
					cogs.Handle(r, block, func(context.Context, wire.Empty) (int, error) { time.Sleep(time.Second + c.left); return 1, nil })
					handleOne(r)
					return nil
				}})
				time.Sleep(9 * time.Second)
				var work sync.WaitGroup
				work.Go(func() { mustCall(t, bot, block, wire.Empty{}) })
				time.Sleep(995 * time.Millisecond)
				var worst time.Duration
				for range 100 {
					began := time.Now()
					mustCall(t, bot, one, wire.Empty{})
					worst = max(worst, time.Since(began))
					time.Sleep(time.Millisecond)
				}
				if got := saves.Load(); got != c.saves {
					t.Errorf("it was saved %d times; want %d", got, c.saves)
				}
				if worst <= 0 || worst > c.worst {
					t.Errorf("a call beside it took %v; want up to %v", worst, c.worst)
				}
				work.Wait()
			})
		})
	}
}

// TestKeep_isNotSavedBesideTasks has a task of Registrar.Go, which may use the kept
// values at any time. So only a reload saves them.
func TestKeep_isNotSavedBesideTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ledger{task: true}
		srv, bot := cogtest.Start(t, l.cog())
		mustCall(t, bot, next, wire.Empty{})
		time.Sleep(time.Minute)
		if got := l.saves.Load(); got != 0 {
			t.Errorf("it was saved %d times beside a task; want never", got)
		}
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		mustCall(t, bot, next, wire.Empty{})
		l.restart()
		if got := mustCall(t, bot, next, wire.Empty{}); got != 2 {
			t.Errorf("Call(next) = %d; want 2: the restart has what the reload saved, and no more", got)
		}
		if got := l.saves.Load(); got != 1 {
			t.Errorf("it was saved %d times; want once, by the reload", got)
		}
	})
}

// TestKeep_cannotBeSaved lets saving fail. The cog serves on, and a restart gets the
// previous state.
func TestKeep_cannotBeSaved(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			var fails, bad atomic.Bool
			var restored atomic.Value
			srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
				r.KeepFunc("n", func() ([]byte, error) {
					switch {
					case !bad.Load():
						return []byte(`"good"`), nil
					case hangs:
						<-release
					}
					return nil, errors.New("no disk")
				}, func(text []byte) error { restored.Store(string(text)); return nil })
				handleOne(r)
				r.Every(time.Second, func(context.Context) error {
					if fails.Swap(false) {
						return errors.New("gateway lost")
					}
					return nil
				})
				return nil
			}})
			time.Sleep(15 * time.Second)
			bad.Store(true)
			time.Sleep(6 * time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if got, err := client.Call(ctx, bot, one, wire.Empty{}); got != 1 || err != nil {
				t.Errorf("Call(one) = %d, %v; want 1", got, err)
			}
			fails.Store(true)
			time.Sleep(8 * time.Second)
			if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 1 || restored.Load() != `"good"` {
				t.Errorf("Cogs()[0] = %+v and %v was restored; want it to serve after a restart with what was saved first", s, restored.Load())
			}
		})
	}
}

// TestRestart_cannotRestore lets restoring hang at a restart. Then the cog has failed,
// and a reload with Fresh revives it without the saved state.
func TestRestart_cannotRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var fails, hangs atomic.Bool
		var restored atomic.Int64
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.KeepFunc("n", func() ([]byte, error) { return []byte("1"), nil }, func([]byte) error {
				if restored.Add(1); hangs.Load() {
					<-release
				}
				return nil
			})
			handleOne(r)
			r.Every(time.Second, func(context.Context) error {
				if fails.Load() {
					return errors.New("gateway lost")
				}
				return nil
			})
			return nil
		}})
		time.Sleep(15 * time.Second)
		hangs.Store(true)
		fails.Store(true)
		time.Sleep(1500 * time.Millisecond)
		fails.Store(false)
		time.Sleep(15 * time.Second) // two starts hang for 5 s each, the third has no values
		if s := srv.Cogs()[0]; s.State != "serving" || restored.Load() != 2 {
			t.Errorf("Cogs()[0] = %+v after %d tries to restore; want it to serve after 2", s, restored.Load())
		}
		hangs.Store(false)
		time.Sleep(15 * time.Second) // it is saved again
		fails.Store(true)
		time.Sleep(10 * time.Minute)
		if s := srv.Cogs()[0]; s.State != "failed" {
			t.Errorf("Cogs()[0] = %+v; want failed", s)
		}
		fails.Store(false)
		restored.Store(0)
		if _, err := srv.Reload(t.Context(), "c", &actors.ReloadOptions{Fresh: true}); err != nil || restored.Load() != 0 {
			t.Errorf("Reload with Fresh = %v, and restored %d times; want nil, and never", err, restored.Load())
		}
		mustCall(t, bot, one, wire.Empty{})
	})
}

// TestKeep_savingTakesLong has a cog whose saving holds its calls for two seconds. That
// happens once; later the cog is saved only at reloads.
func TestKeep_savingTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var saves atomic.Int64
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "f", func(context.Context, wire.Empty) (int, error) { return 1, nil })
			r.KeepFunc("v", func() ([]byte, error) {
				saves.Add(1)
				time.Sleep(2 * time.Second)
				return []byte("1"), nil
			}, func([]byte) error { return nil })
			return nil
		}})
		slow := 0
		for range 100 {
			time.Sleep(time.Second)
			began := time.Now()
			mustCall[wire.Empty, int](t, bot, "f", wire.Empty{})
			if time.Since(began) > 0 {
				slow++
			}
		}
		if saves.Load() != 1 || slow > 1 {
			t.Errorf("it was saved %d times in 100 s, and %d calls waited; want once", saves.Load(), slow)
		}
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil || saves.Load() != 2 {
			t.Errorf("Reload = %v after %d saves; want it saved", err, saves.Load())
		}
	})
}
