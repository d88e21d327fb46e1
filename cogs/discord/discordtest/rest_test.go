package discordtest

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"
)

// wantCode checks that err is an error of Discord with that code.
func wantCode(t *testing.T, call string, err error, code int) {
	t.Helper()
	re, ok := errors.AsType[*discordgo.RESTError](err)
	if !ok || re.Message == nil || re.Message.Code != code {
		t.Errorf("%s = %v; want code %d", call, err, code)
	}
}

func TestUnknownThings(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		g := srv.Guild(0)
		const no = "123"
		_, err := d.Guild(no)
		wantCode(t, "Guild(123)", err, discordgo.ErrCodeUnknownGuild)
		_, err = d.Guild("abc")
		wantCode(t, "Guild(abc)", err, discordgo.ErrCodeInvalidFormBody)
		_, err = d.GuildMember(g.ID, no)
		wantCode(t, "GuildMember(g, 123)", err, discordgo.ErrCodeUnknownMember)
		_, err = d.User(no)
		wantCode(t, "User(123)", err, discordgo.ErrCodeUnknownUser)
		_, err = d.Channel(no)
		wantCode(t, "Channel(123)", err, discordgo.ErrCodeUnknownChannel)
		_, err = d.ChannelMessage(g.Channels[0].ID, no)
		wantCode(t, "ChannelMessage(c, 123)", err, discordgo.ErrCodeUnknownMessage)
		_, err = d.GuildBan(g.ID, no)
		wantCode(t, "GuildBan(g, 123)", err, discordgo.ErrCodeUnknownBan)
		err = d.GuildMemberRoleAdd(g.ID, g.OwnerID, no)
		wantCode(t, "GuildMemberRoleAdd(g, owner, 123)", err, discordgo.ErrCodeUnknownRole)
		err = d.ApplicationCommandDelete(botID(t, d), "", no)
		wantCode(t, "ApplicationCommandDelete(123)", err, discordgo.ErrCodeUnknownApplicationCommand)
		_, err = d.ApplicationCommands(no, "")
		wantCode(t, "ApplicationCommands(123)", err, discordgo.ErrCodeUnknownApplication)
		_, err = d.VoiceRegions()
		wantCode(t, "VoiceRegions()", err, 0)
		all := srv.Requests()
		if got := all[len(all)-1].String(); got != "GET /voice/regions 404" {
			t.Errorf("last request = %q; want GET /voice/regions 404", got)
		}
	})
}

func botID(t *testing.T, d *discordgo.Session) string {
	t.Helper()
	me, err := d.User("@me")
	if err != nil {
		t.Fatalf("User(@me) = %v; want nil", err)
	}
	return me.ID
}

func TestGatewayBot(t *testing.T) {
	bubble(t, &Options{Shards: 16}, func(t *testing.T, srv *Server) {
		got, err := newSession(t, srv).GatewayBot()
		if err != nil || got.Shards != 16 || got.SessionStartLimit.MaxConcurrency != 1 {
			t.Errorf("GatewayBot() = %+v, %v; want 16 shards, concurrency 1", got, err)
		}
	})
}

func TestMemberList(t *testing.T) {
	bubble(t, &Options{Members: 2500, MemberCount: 90_000}, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		g := srv.Guild(0)
		seen := map[string]bool{}
		var sizes []int
		for after := ""; ; {
			page, err := d.GuildMembers(g.ID, after, 1000)
			if err != nil {
				t.Fatalf("GuildMembers(after %q) = %v; want nil", after, err)
			}
			sizes = append(sizes, len(page))
			if len(page) == 0 {
				break
			}
			for _, m := range page {
				seen[m.User.ID] = true
			}
			after = page[len(page)-1].User.ID
		}
		if diff := cmp.Diff([]int{1000, 1000, 501, 0}, sizes); diff != "" || len(seen) != 2501 {
			t.Errorf("members listed: %d different; pages (-want +got):\n%s", len(seen), diff)
		}
		if page, err := d.GuildMembers(g.ID, "", 0); err != nil || len(page) != 1 {
			t.Errorf("GuildMembers() without limit = %d members, %v; want 1, as Discord has it", len(page), err)
		}
		_, err := d.GuildMembers(g.ID, "", 1001)
		wantCode(t, "GuildMembers(limit 1001)", err, discordgo.ErrCodeInvalidFormBody)
		found, err := d.GuildMembersSearch(g.ID, "ADA", 5)
		if err != nil || len(found) != 5 || found[0].User.Username != "ada" || found[1].User.Username != "ada-2" {
			t.Errorf("GuildMembersSearch(ADA) = %d members, %v; want ada, ada-2, ...", len(found), err)
		}
		with, err := d.GuildWithCounts(g.ID)
		if err != nil || with.ApproximateMemberCount != 90_000 {
			t.Errorf("GuildWithCounts() = %d members, %v; want 90000", with.ApproximateMemberCount, err)
		}
	})
}

func TestModeration(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		in := listen(d)
		g := srv.Guild(0)
		who, admin := g.Members[3].User.ID, g.Roles[1].ID
		steps := []error{
			d.GuildMemberRoleAdd(g.ID, who, admin),
			d.GuildMemberRoleAdd(g.ID, who, admin), // no change, so no event
			d.GuildMemberRoleRemove(g.ID, who, admin),
			d.GuildMemberDelete(g.ID, who),
			d.GuildBanCreateWithReason(g.ID, g.Members[4].User.ID, "spam", 0),
		}
		if err := errors.Join(steps...); err != nil {
			t.Fatalf("moderate: %v; want nil", err)
		}
		bans, err := d.GuildBans(g.ID, 10, "", "")
		if err != nil || len(bans) != 1 || bans[0].Reason != "spam" {
			t.Errorf("GuildBans() = %v, %v; want one for spam", bans, err)
		}
		if err := d.GuildBanDelete(g.ID, g.Members[4].User.ID); err != nil {
			t.Errorf("GuildBanDelete() = %v; want nil", err)
		}
		if _, err := d.GuildEdit(g.ID, &discordgo.GuildParams{Name: "Renamed"}); err != nil {
			t.Errorf("GuildEdit() = %v; want nil", err)
		}
		want := []string{
			"GUILD_MEMBER_UPDATE", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE",
			"GUILD_MEMBER_REMOVE", "GUILD_BAN_ADD", "GUILD_BAN_REMOVE", "GUILD_UPDATE",
		}
		if diff := cmp.Diff(want, in.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		d.State.RLock()
		defer d.State.RUnlock()
		now := srv.Guild(0)
		if got := d.State.Guilds[0]; got.Name != "Renamed" || got.MemberCount != now.MemberCount || now.MemberCount != 4 {
			t.Errorf("State: %q with %d members, fake: %q with %d; want Renamed with 4", got.Name, got.MemberCount, now.Name, now.MemberCount)
		}
	})
}

func TestPersonsToken(t *testing.T) {
	bubble(t, &Options{Guilds: 2, Members: 2}, func(t *testing.T, srv *Server) {
		g := srv.Guild(0)
		d, err := discordgo.New(srv.UserToken(g.OwnerID))
		if err != nil {
			t.Fatal(err)
		}
		srv.Attach(d)
		if me, err := d.User("@me"); err != nil || me.ID != g.OwnerID {
			t.Errorf("User(@me) = %v, %v; want %s", me, err, g.OwnerID)
		}
		guilds, err := d.UserGuilds(10, "", "", true)
		if err != nil || len(guilds) != 2 {
			t.Fatalf("UserGuilds() = %v, %v; want two", guilds, err)
		}
		if a := guilds[0]; !a.Owner || a.Permissions != discordgo.PermissionAll || a.ApproximateMemberCount != 3 {
			t.Errorf("UserGuilds()[0] = %+v; want owner, all permissions, 3 members", a)
		}
		if b := guilds[1]; b.Owner || b.Permissions&discordgo.PermissionAdministrator != 0 || b.Permissions&discordgo.PermissionSendMessages == 0 {
			t.Errorf("UserGuilds()[1] = %+v; want a plain member", b)
		}
		if _, err := d.Guild(g.ID); !errors.Is(err, discordgo.ErrUnauthorized) {
			if re, ok := errors.AsType[*discordgo.RESTError](err); !ok || re.Response.StatusCode != http.StatusUnauthorized {
				t.Errorf("Guild() as a person = %v; want 401", err)
			}
		}
	})
}

// TestShapes checks that ids are strings, and that fields are absent where Discord does not
// send them. Code under test may rely on both.
func TestShapes(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		g := srv.Guild(0)
		raw, err := d.Request("GET", discordgo.EndpointGuildMember(g.ID, g.OwnerID), nil)
		if err != nil {
			t.Fatalf("GET member = %v; want nil", err)
		}
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		if _, ok := m["guild_id"]; ok {
			t.Error("a member from REST has a guild_id; want none")
		}
		if got := m["user"].(map[string]any)["id"]; got != g.OwnerID {
			t.Errorf("user.id = %v; want the string %s", got, g.OwnerID)
		}
	})
}

func TestAttach(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d, err := discordgo.New("Bot " + srv.Token())
		if err != nil {
			t.Fatal(err)
		}
		d.Client = nil
		srv.Attach(d)
		g := srv.Guild(0)
		got, err := d.Guild(g.ID)
		if err != nil || got.Name != g.Name || got.OwnerID != g.OwnerID {
			t.Errorf("Guild() = %v, %v; want %s", got, err, g.Name)
		}
		if got.Channels, err = d.GuildChannels(g.ID); err != nil {
			t.Errorf("GuildChannels() = %v; want nil", err)
		}
		if got.Roles, err = d.GuildRoles(g.ID); err != nil {
			t.Errorf("GuildRoles() = %v; want nil", err)
		}
		if diff := cmp.Diff([]any{g.Channels, g.Roles}, []any{got.Channels, got.Roles}); diff != "" {
			t.Errorf("channels and roles (-Guild(0) +REST):\n%s", diff)
		}
		if ch, err := d.Channel(g.Channels[2].ID); err != nil || ch.Name != "support" {
			t.Errorf("Channel(2) = %v, %v; want support", ch, err)
		}
	})
}
