package actors_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
)

func TestSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, cogs.Single("echo", func(_ context.Context, s string) (string, error) { return s + "!", nil }))
		got, err := client.Call[string, string](t.Context(), bot, "echo", "hi")
		t.Log(got, err)
		t.Log(srv.Cogs())
		d, err := srv.Reload(t.Context(), "echo", nil)
		t.Log(d, err)
	})
}
