package discord_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// viewing returns a cog that stores its View in v.
func viewing(v **discord.View) []cogs.Cog {
	return []cogs.Cog{{Name: "viewer", Setup: func(_ context.Context, r *cogs.Registrar) error {
		*v = discord.From(r)
		return nil
	}}}
}

func TestGuilds(t *testing.T) {
	var v *discord.View
	bubble(t, &discordtest.Options{Guilds: 3, MemberCount: 1000}, viewing(&v), func(t *testing.T, w *world) {
		list, err := v.Guilds(t.Context())
		if err != nil || len(list) != 3 {
			t.Fatalf("Guilds() = %d guilds, %v; want 3", len(list), err)
		}
		w.join(1, "ada")
		synctest.Wait()
		got, err := v.Guild(t.Context(), w.guild(1))
		want := list[1]
		want.MemberCount = 1001
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Guild(1) after a join: %v (-want +got):\n%s", err, diff)
		}
		real := w.fake.Guild(1)
		if got.Name != real.Name || got.OwnerID.String() != real.OwnerID {
			t.Errorf("Guild(1) = %+v; want %s of %s", got, real.Name, real.OwnerID)
		}
	})
}

func TestMembersComeInPages(t *testing.T) {
	var v *discord.View
	bubble(t, &discordtest.Options{Members: 25}, viewing(&v), func(t *testing.T, w *world) {
		guild := w.guild(0)
		var ids []string
		var after wire.Snowflake
		for {
			page, err := v.Members(t.Context(), guild, after, 10)
			if err != nil {
				t.Fatalf("Members(after %d): %v", after, err)
			}
			if len(page) == 0 {
				break
			}
			for _, m := range page {
				ids = append(ids, m.ID.String())
			}
			after = page[len(page)-1].ID
		}
		var want []string
		for _, m := range w.fake.Guild(0).Members {
			want = append(want, m.User.ID)
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("ids of all pages (-want +got):\n%s", diff)
		}
	})
}

func TestMemberChannelsRoles(t *testing.T) {
	var v *discord.View
	bubble(t, &discordtest.Options{}, viewing(&v), func(t *testing.T, w *world) {
		guild, real := w.guild(0), w.fake.Guild(0)
		owner, err := wire.ParseSnowflake(real.OwnerID)
		if err != nil {
			t.Fatal(err)
		}
		m, err := v.Member(t.Context(), guild, owner)
		if err != nil || m.Name() != "ada" || len(m.Roles) != 2 || m.JoinedAt.IsZero() || m.Bot {
			t.Errorf("Member(owner) = %+v, %v; want ada with two roles", m, err)
		}
		channels, err := v.Channels(t.Context(), guild)
		if err != nil || len(channels) != 3 || channels[0].Name != "general" {
			t.Errorf("Channels() = %+v, %v; want general and two more", channels, err)
		}
		roles, err := v.Roles(t.Context(), guild)
		if err != nil || len(roles) != 5 || roles[0].Name != "Admin" || roles[4].ID != guild {
			t.Errorf("Roles() = %+v, %v; want from Admin down to @everyone", roles, err)
		}
		if roles[0].Permissions != real.Roles[1].Permissions {
			t.Errorf("Permissions of Admin = %d; want %d", roles[0].Permissions, real.Roles[1].Permissions)
		}
	})
}

func TestUnknownIsNotFound(t *testing.T) {
	var v *discord.View
	bubble(t, &discordtest.Options{}, viewing(&v), func(t *testing.T, w *world) {
		ctx, guild := t.Context(), w.guild(0)
		_, none := v.Guild(ctx, 1)
		_, stranger := v.Member(ctx, guild, 1)
		_, nowhere := v.Member(ctx, 1, 1)
		_, members := v.Members(ctx, 1, 0, 0)
		_, channels := v.Channels(ctx, 1)
		_, roles := v.Roles(ctx, 1)
		for what, err := range map[string]error{
			"in no guild 1": none, "no known member 1": stranger, "the bot is in no guild 1": nowhere,
			"is in no guild 1": members, "bot is in no guild 1": channels, "no guild 1": roles,
		} {
			if wire.CodeOf(err) != wire.NotFound || !strings.Contains(err.Error(), what) {
				t.Errorf("error = %v; want not_found with %q", err, what)
			}
		}
	})
}

func TestSession(t *testing.T) {
	var v *discord.View
	bubble(t, &discordtest.Options{}, viewing(&v), func(t *testing.T, w *world) {
		if s, err := v.Session(); s != w.session || err != nil {
			t.Errorf("Session() = %p, %v; want %p", s, err, w.session)
		}
	})
	var none discord.View
	if _, err := none.Session(); wire.CodeOf(err) != wire.Unavailable {
		t.Errorf("Session() of a zero View = %v; want unavailable", err)
	}
	if _, err := none.Guilds(t.Context()); wire.CodeOf(err) != wire.Unavailable {
		t.Errorf("Guilds() of a zero View = %v; want unavailable", err)
	}
}

// TestSession_elsewhere asks for the session when the host is not a session itself, as in a
// cog that runs as a process.
func TestSession_elsewhere(t *testing.T) {
	var v *discord.View
	cog := cogs.Cog{Name: "far", Setup: func(_ context.Context, r *cogs.Registrar) error {
		recorder := (*instance.Recorder)(r)
		recorder.SetHost(&link{recorder.Host()})
		v = discord.From(r)
		return nil
	}}
	bubble(t, &discordtest.Options{}, []cogs.Cog{cog}, func(t *testing.T, w *world) {
		s, err := v.Session()
		if err != nil || s == w.session || s.Token != w.session.Token || s.MaxRestRetries != w.session.MaxRestRetries {
			t.Fatalf("Session() = %v, %v; want another one with the same token", s, err)
		}
		if again, _ := v.Session(); again != s {
			t.Error("Session() made another session")
		}
	})
}

// A link is a host that is no session: it passes calls on to one.
type link struct{ instance.Host }

// TestViewWhileMembersComeAndGo reads while the session changes its cache. It is for the
// race detector.
func TestViewWhileMembersComeAndGo(t *testing.T) {
	var v *discord.View
	bubble(t, &discordtest.Options{Guilds: 3}, viewing(&v), func(t *testing.T, w *world) {
		ctx, guild := t.Context(), w.guild(0)
		stop := make(chan struct{})
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					_, a := v.Guilds(ctx)
					_, b := v.Guild(ctx, guild)
					_, c := v.Members(ctx, guild, 0, 0)
					_, d := v.Channels(ctx, guild)
					_, e := v.Roles(ctx, guild)
					for _, err := range []error{a, b, c, d, e} {
						if err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		for i := range 100 {
			id := w.join(0, fmt.Sprint("user", i))
			if err := w.fake.Dispatch("GUILD_MEMBER_UPDATE", map[string]any{
				"guild_id": guild, "user": map[string]string{"id": id, "username": "renamed"}, "nick": "n", "roles": []string{}, "joined_at": "2025-01-01T00:00:00Z",
			}); err != nil {
				t.Fatal(err)
			}
			if err := w.fake.Dispatch("GUILD_UPDATE", map[string]any{"id": guild, "name": fmt.Sprint("guild", i)}); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				if err := w.fake.Leave(w.guilds[0], id); err != nil {
					t.Fatal(err)
				}
			}
		}
		close(stop)
		readers.Wait()
		synctest.Wait()
		g, err := v.Guild(ctx, guild)
		if want := 6 + 50; err != nil || g.MemberCount != want || g.Name != "guild99" {
			t.Errorf("Guild() = %+v, %v; want guild99 with %d members", g, err, want)
		}
	})
}

func BenchmarkGuilds(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			session, err := discordgo.New("Bot x")
			if err != nil {
				b.Fatal(err)
			}
			var v *discord.View
			srv := actors.NewServer(nil)
			defer srv.Close()
			if err := srv.Load(b.Context(), discord.With(session, viewing(&v)...)...); err != nil {
				b.Fatal(err)
			}
			for i := range n {
				if err := session.State.GuildAdd(&discordgo.Guild{ID: fmt.Sprint(900000000000000000 + i), Name: "guild", OwnerID: "1"}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Guilds(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
