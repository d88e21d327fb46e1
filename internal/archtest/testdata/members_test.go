package members_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"
	"testing/synctest"

	"example.com/mybot/api"
	"example.com/mybot/members"
	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
	demo "github.com/cogbus/cogbus/examples/bot/members"
)

// run tests a cog in the Discord of the demo.
func run(t *testing.T, cog cogs.Cog, test func(t *testing.T, fake *discordtest.Server, srv *actors.Server, bot *client.Client)) {
	synctest.Test(t, func(t *testing.T) {
		fake := discordtest.New(&discordtest.Options{Guilds: 50})
		defer fake.Close()
		session, err := fake.Session()
		if err != nil {
			t.Fatal(err)
		}
		srv, bot := cogtest.Start(t, discord.With(session, cog)...)
		if err := session.Open(); err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		synctest.Wait()
		test(t, fake, srv, bot)
	})
}

func TestCog(t *testing.T) {
	run(t, members.Cog(), func(t *testing.T, fake *discordtest.Server, srv *actors.Server, bot *client.Client) {
		guild := api.Guild{ID: 906875633666295393}
		before, err := client.Call(t.Context(), bot, api.CountMembers, guild)
		if err != nil || before.Count == 0 || before.Joins != 0 {
			t.Errorf("CountMembers(%v) = %+v, %v; want members, and no joins", guild, before, err)
		}
		for range 2 {
			if err := fake.Join(guild.ID.String(), fake.NewUser("new")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if _, err := srv.Reload(t.Context(), "members", nil); err != nil {
				t.Errorf("Reload: %v; want none", err)
			}
		}
		want := api.Members{Count: before.Count + 2, Joins: 2}
		if got, err := client.Call(t.Context(), bot, api.CountMembers, guild); err != nil || got != want {
			t.Errorf("CountMembers(%v) after two joins and reloads = %+v, %v; want %+v", guild, got, err, want)
		}
	})
}

// What the README has the command call works with its own cog and in the demo.
func TestCommand(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`cogbus call (\S+) '(.*)'`).FindStringSubmatch(string(text))
	if line == nil {
		t.Fatal("README.md has no call by the command")
	}
	for _, cog := range []cogs.Cog{members.Cog(), demo.Cog()} {
		run(t, cog, func(t *testing.T, _ *discordtest.Server, _ *actors.Server, bot *client.Client) {
			raw, err := bot.Request(t.Context(), line[1], json.RawMessage(line[2]))
			var got api.Members
			if err != nil || json.Unmarshal(raw, &got) != nil || got.Count == 0 {
				t.Errorf("%s: %s, %v; want members", line[0], raw, err)
			}
		})
	}
}
