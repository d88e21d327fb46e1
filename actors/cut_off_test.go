package actors_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// TestReload_failsAndCutsACallOff has a call that does not end, so that the reload of a
// cog with state fails. The error of the call must not claim that the cog was reloaded.
func TestReload_failsAndCutsACallOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		defer close(stop)
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "k", DrainTimeout: time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			cogs.Handle(r, "hang", func(context.Context, wire.Empty) (int, error) { <-stop; return 1, nil })
			return nil
		}})
		told := make(chan error, 1)
		go func() {
			_, err := bot.Request(t.Context(), "hang", nil)
			told <- err
		}()
		synctest.Wait()
		d, err := srv.Reload(t.Context(), "k", nil)
		if err == nil || d.To != 1 || d.Lost != 1 {
			t.Errorf("Reload = %+v, %v; want an error, generation 1 and one call lost", d, err)
		}
		const want = `the call did not end in the time that a reload of cog "k" gave it`
		if err := <-told; wire.CodeOf(err) != wire.Unavailable || !strings.Contains(err.Error(), want) {
			t.Errorf("Call(hang) = %v; want unavailable, and %q", err, want)
		}
	})
}
