package actors_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// TestClientName has clients with and without names. Handlers see the names of cogbus.v1
// clients; other callers have none.
func TestClientName(t *testing.T) {
	const own wire.Route[wire.Empty, string] = "own"
	const inner wire.Route[wire.Empty, string] = "inner"
	name := func(ctx context.Context, _ wire.Empty) (string, error) { return cogs.CallInfo(ctx).Client, nil }
	synctest.Test(t, func(t *testing.T) {
		srv, _ := cogtest.Start(t, cogs.Single(own, name),
			cogs.Single(inner, func(ctx context.Context, _ wire.Empty) (string, error) { return cogs.Call(ctx, own, wire.Empty{}) }))
		for _, test := range []struct {
			target, name string
			route        wire.Route[wire.Empty, string]
			want         string
		}{
			{"ws://bot", "dashboard", own, "dashboard"},
			{"ws://bot", "dash\nboard", own, "dashboard"},
			{"ws://bot", "", own, ""},
			{"ws://bot", "dashboard", inner, ""}, // the caller is the cog
			{"ipcx://bot", "dashboard", own, ""},
		} {
			c, err := client.New(test.target, &client.Options{DialContext: srv.DialContext, Name: test.name, Secret: "secret", AllowCleartextSecret: true})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second call is the first one, used again
				if got, err := client.Call(t.Context(), c, test.route, wire.Empty{}); got != test.want || err != nil {
					t.Errorf("Call(%s) of %s by %q = %q, %v; want %q", test.route, test.target, test.name, got, err, test.want)
				}
			}
			c.Close()
		}
	})
}
