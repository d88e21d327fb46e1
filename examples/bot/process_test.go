//go:build unix

package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/examples/bot/members"
	"github.com/cogbus/cogbus/wire"
)

// TestMembersInAProcess replaces the compiled-in cog "members" by a process, and back. The
// events, the view of Discord and the kept values go on.
func TestMembersInAProcess(t *testing.T) {
	fake := discordtest.New(&discordtest.Options{Guilds: 2})
	defer fake.Close()
	session, err := fake.Session()
	if err != nil {
		t.Fatal(err)
	}
	kinds := discord.With(session, members.Cog(), process.Cog("members", "members", &process.Options{Cache: t.TempDir()}))
	srv, bot := cogtest.Start(t, kinds[0])
	if err := session.Open(); err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	id, err := wire.ParseSnowflake(fake.Guild(0).ID)
	if err != nil {
		t.Fatal(err)
	}
	want := api.Members{Guild: id, Name: "Amber Harbor", Count: 6}
	for _, kind := range []cogs.Cog{kinds[1], kinds[1], kinds[0]} {
		if _, err := srv.Replace(t.Context(), kind, nil); err != nil {
			t.Fatalf("Replace = %v", err)
		}
		if err := fake.Join(fake.Guild(0).ID, fake.NewUser("guest")); err != nil {
			t.Fatal(err)
		}
		want.Count++
		want.Joins++
		var got api.Members
		for range 1000 { // the event may take a while to reach the cog
			if got, err = client.Call(t.Context(), bot, api.CountMembers, api.Guild{ID: id}); err != nil || got == want {
				break
			}
			<-time.After(10 * time.Millisecond)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("members.count = %v (-want +got):\n%s", err, diff)
		}
	}
	if _, err := client.Call(t.Context(), bot, api.CountMembers, api.Guild{ID: 1}); wire.CodeOf(err) != wire.NotFound {
		t.Errorf("members.count of no guild = %v; want not_found", err)
	}
}
