package main

import (
	"path/filepath"
	"testing"
	"testing/synctest"

	"go.etcd.io/bbolt"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/examples/bot/flaky"
	"github.com/cogbus/cogbus/examples/bot/members"
	"github.com/cogbus/cogbus/examples/bot/settings"
	"github.com/cogbus/cogbus/examples/bot/stats"
	"github.com/cogbus/cogbus/wire"
)

// A world is a bot with all its cogs on a fake Discord.
type world struct {
	*testing.T
	fake   *discordtest.Server
	guilds []api.Guild
	srv    *actors.Server
	bot    *client.Client
}

// bubble runs f in a synctest bubble, with two guilds of six members.
func bubble(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "settings.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, fake: discordtest.New(&discordtest.Options{Guilds: 2})}
		t.Cleanup(w.fake.Close)
		for i := range 2 {
			id, err := wire.ParseSnowflake(w.fake.Guild(i).ID)
			if err != nil {
				t.Fatal(err)
			}
			w.guilds = append(w.guilds, api.Guild{ID: id})
		}
		session, err := w.fake.Session()
		if err != nil {
			t.Fatal(err)
		}
		w.srv, w.bot = cogtest.Start(t, discord.With(session, members.Cog(), settings.Cog(db), stats.Cog(), flaky.Cog())...)
		if err := session.Open(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		t.Cleanup(func() {
			synctest.Wait()
			_ = session.Close()
		})
		f(t, w)
	})
}

// come makes a new user a member of the first guild.
func (w *world) come(name string) (user string) {
	w.Helper()
	user = w.fake.NewUser(name)
	if err := w.fake.Join(w.guilds[0].ID.String(), user); err != nil {
		w.Fatal(err)
	}
	synctest.Wait()
	return user
}

// leave lets a user leave the first guild.
func (w *world) leave(user string) {
	w.Helper()
	if err := w.fake.Leave(w.guilds[0].ID.String(), user); err != nil {
		w.Fatal(err)
	}
	synctest.Wait()
}

// call calls a route of the bot; an error fails the test.
func call[Req, Resp any](w *world, route wire.Route[Req, Resp], req Req) Resp {
	w.Helper()
	resp, err := client.Call(w.Context(), w.bot, route, req)
	if err != nil {
		w.Fatalf("%s(%v) = %v; want no error", route, req, err)
	}
	return resp
}

// code calls a route of the bot and returns the code of its error.
func code[Req, Resp any](w *world, route wire.Route[Req, Resp], req Req) wire.Code {
	_, err := client.Call(w.Context(), w.bot, route, req)
	return wire.CodeOf(err)
}
