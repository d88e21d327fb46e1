package actors_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
)

// TestReason has Setups that run for every reason. Each is told its own.
func TestReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []cogs.Reason
		fail := make(chan error)
		cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			got = append(got, r.Reason())
			(*instance.Recorder)(r).Revision("build", 0)
			r.Go(func(ctx context.Context) error {
				select {
				case err := <-fail:
					return err
				case <-ctx.Done():
					return nil
				}
			})
			return nil
		}}
		srv, _ := cogtest.Start(t, cog)
		try := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s = %v", what, err)
			}
		}
		_, err := srv.Reload(t.Context(), "c", nil)
		try("Reload", err)
		_, err = srv.Replace(t.Context(), cog, nil)
		try("Replace", err)
		_, err = srv.Reload(t.Context(), "c", &actors.ReloadOptions{Rollback: true})
		try("Reload with Rollback", err)
		fail <- errors.New("the task fails")
		time.Sleep(time.Second) // the restart
		try("Unload", srv.Unload(t.Context(), "c"))
		try("Load", srv.Load(t.Context(), cog))
		want := []cogs.Reason{cogs.Load, cogs.Reload, cogs.Reload, cogs.Rollback, cogs.Restart, cogs.Load}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the reasons of the Setups differ (-want +got):\n%s", diff)
		}
	})
}
