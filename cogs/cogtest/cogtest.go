// Package cogtest helps to test cogs. [Start] runs cogs behind a real server
// and a real client that talk over memory, so it works inside a testing/synctest
// bubble:
//
//	synctest.Test(t, func(t *testing.T) {
//		_, bot := cogtest.Start(t, members.Cog())
//		got, err := client.Call(t.Context(), bot, api.CountMembers, api.Guild{ID: 1})
//		...
//	})
package cogtest

import (
	"log/slog"
	"testing"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
)

// Start runs a server with the given cogs, and returns the server and a client of it, which
// has the rights of an admin. It closes both when the test ends, so the caller need not. If
// a cog does not load, Start fails the test; call it from the goroutine of the test.
func Start(t testing.TB, list ...cogs.Cog) (*actors.Server, *client.Client) {
	t.Helper()
	srv := actors.NewServer(&actors.Options{
		Secret:      "secret",
		AdminSecret: "admin secret",
		Logger:      slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	t.Cleanup(func() { _ = srv.Close() })
	if err := srv.Load(t.Context(), list...); err != nil {
		t.Fatalf("Load: %v", err)
	}
	bot, err := client.New("ws://bot", &client.Options{Secret: "admin secret", DialContext: srv.DialContext})
	if err != nil {
		t.Fatalf("client.New: %v", err)
	}
	t.Cleanup(func() { _ = bot.Close() })
	return srv, bot
}
