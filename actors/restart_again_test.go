package actors_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// TestRestart_goesOnAfterAReload lets reloads cut a restart short, and fail, or be
// given up. The restart goes on, and the cog serves when its Setup passes again.
func TestRestart_goesOnAfterAReload(t *testing.T) {
	for name, gaveUp := range map[string]bool{"the reload fails": false, "the reload is given up": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				fail := make(chan error)
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(ctx context.Context, r *cogs.Registrar) error {
					if broken.Load() && gaveUp {
						<-ctx.Done()
					}
					if broken.Load() {
						return errors.New("it does not set up")
					}
					handleOne(r)
					r.Go(func(ctx context.Context) error {
						select {
						case err := <-fail:
							return err
						case <-ctx.Done():
							return nil
						}
					})
					return nil
				}})
				broken.Store(true)
				fail <- errors.New("the task fails")
				time.Sleep(time.Millisecond)
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if _, err := srv.Reload(ctx, "c", nil); err == nil {
					t.Error("Reload succeeded; want an error")
				}
				broken.Store(false)
				time.Sleep(40 * time.Second) // the longest pause and Setup
				if got := srv.Cogs()[0]; got.State != "serving" || got.Restarts != 1 {
					t.Errorf("Cogs()[0] = %+v; want it to serve after one restart", got)
				}
				mustCall(t, bot, one, wire.Empty{})
				if _, err := srv.Reload(t.Context(), "c", &actors.ReloadOptions{}); err != nil {
					t.Errorf("Reload = %v; want none", err)
				}
			})
		})
	}
}
