package actors_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// TestKill_amongReloads kills and reloads at random moments, also together and while
// the cog is saved. A kill with a reply has led to a restart; a refused one has not.
func TestKill_amongReloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		var saving, killing atomic.Int64 // how long that takes
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.KeepFunc("n", func() ([]byte, error) { time.Sleep(time.Duration(saving.Load())); return []byte("1"), nil },
				func([]byte) error { return nil })
			(*instance.Recorder)(r).Kill(func() { time.Sleep(time.Duration(killing.Load())) })
			handleOne(r)
			time.Sleep(time.Millisecond)
			return nil
		}})
		var killed, refused, reloaded atomic.Int64
		var work sync.WaitGroup
		for round := range 400 {
			saving.Store(random.Int64N(int64(40 * time.Millisecond)))
			killing.Store(random.Int64N(int64(3 * time.Millisecond)))
			for range 1 + random.IntN(3) {
				work.Go(func() {
					switch _, err := client.Call(t.Context(), bot, admin.Kill, admin.CogName{Name: "c"}); wire.CodeOf(err) {
					case "":
						killed.Add(1)
					case wire.Unavailable:
						refused.Add(1)
					default:
						t.Errorf("Call(kill) = %v; want nothing, or %s", err, wire.Unavailable)
					}
				})
			}
			for range random.IntN(3) {
				wait := time.Duration(random.IntN(2)) * time.Duration(random.Int64N(int64(2*time.Millisecond)))
				work.Go(func() {
					time.Sleep(wait)
					if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
						t.Errorf("Reload failed: %v", err)
					}
					reloaded.Add(1)
				})
			}
			if round%5 == 0 { // into the next checkpoint, now and then
				time.Sleep(10*time.Second - time.Duration(time.Now().UnixNano())%(10*time.Second))
			}
			work.Wait()
			time.Sleep(time.Duration(random.Int64N(int64(2 * time.Second))))
			if round%50 == 0 { // kills in a row would make it fail for good
				if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
					t.Errorf("Reload failed: %v", err)
				}
			}
		}
		time.Sleep(time.Minute)
		s := srv.Cogs()[0]
		if got := int64(s.Restarts); got != killed.Load() {
			t.Errorf("%d restarts after %d kills that were answered; want as many", got, killed.Load())
		}
		if killed.Load() < 20 || refused.Load() < 20 || reloaded.Load() < 20 {
			t.Errorf("%d kills were answered, %d refused, and %d reloads passed; want some of each", killed.Load(), refused.Load(), reloaded.Load())
		}
		t.Logf("%d kills were answered, %d refused, and %d reloads passed; Cogs()[0] = %+v", killed.Load(), refused.Load(), reloaded.Load(), s)
	})
}

// TestKill_whileItIsSaved kills a cog while saving holds its calls. The restart comes
// after the saving. A second kill is refused, and a later reload revives the cog.
func TestKill_whileItIsSaved(t *testing.T) {
	for _, then := range []string{"", "kill", "reload", "unload"} {
		t.Run("then "+then, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var saves atomic.Int64
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					r.KeepFunc("n", func() ([]byte, error) { saves.Add(1); time.Sleep(2 * time.Second); return []byte("1"), nil },
						func([]byte) error { return nil })
					handleOne(r)
					return nil
				}})
				time.Sleep(11 * time.Second)
				began := time.Now()
				killed := make(chan error, 1)
				go func() {
					_, err := client.Call(t.Context(), bot, admin.Kill, admin.CogName{Name: "c"})
					killed <- err
				}()
				synctest.Wait()
				select {
				case err := <-killed:
					t.Errorf("Call(kill) = %v while the cog is saved; want the answer behind that", err)
				default:
				}
				switch then {
				case "kill":
					if _, err := client.Call(t.Context(), bot, admin.Kill, admin.CogName{Name: "c"}); wire.CodeOf(err) != wire.Unavailable {
						t.Errorf("Call(kill) of what is to be killed = %v; want %s", err, wire.Unavailable)
					}
				case "reload":
					if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
						t.Errorf("Reload failed: %v", err)
					}
				case "unload":
					if err := srv.Unload(t.Context(), "c"); err != nil {
						t.Errorf("Unload failed: %v", err)
					}
				}
				if err := <-killed; err != nil || time.Since(began) != time.Second {
					t.Errorf("Call(kill) = %v after %v; want nil after the saving", err, time.Since(began))
				}
				if then == "unload" {
					return
				}
				time.Sleep(time.Second)
				mustCall(t, bot, one, wire.Empty{})
				if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 1 || saves.Load() != 1 {
					t.Errorf("Cogs()[0] = %+v after %d saves; want one restart, and that one save", s, saves.Load())
				}
			})
		})
	}
}
