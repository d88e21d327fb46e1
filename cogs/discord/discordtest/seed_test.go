package discordtest

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWorldIsDeterministic(t *testing.T) {
	opts := &Options{Guilds: 3, Members: 30, Roles: 6, Channels: 8}
	bubble(t, opts, func(t *testing.T, a *Server) {
		b := New(opts)
		defer b.Close()
		for i := range 3 {
			if diff := cmp.Diff(a.Guild(i), b.Guild(i)); diff != "" {
				t.Errorf("guild %d of two servers (-one +other):\n%s", i, diff)
			}
		}
	})
}

// TestIDs checks the properties that make ids useful in tests: they are unique, a float64
// changes each of them, and guild i is on shard i%n.
func TestIDs(t *testing.T) {
	bubble(t, &Options{Guilds: 200, Members: 20}, func(t *testing.T, srv *Server) {
		seen := map[string]string{}
		check := func(kind, id string) {
			t.Helper()
			n, err := strconv.ParseUint(id, 10, 63)
			if err != nil || n < 1<<53 || uint64(float64(n)) == n {
				t.Errorf("%s id %s, %v; want one that a float64 cannot hold", kind, id, err)
			}
			if other, ok := seen[id]; ok && other != kind {
				t.Errorf("id %s is a %s and a %s", id, other, kind)
			}
			seen[id] = kind
		}
		for i := range 200 {
			g := srv.Guild(i)
			for _, r := range g.Roles[1:] { // @everyone has the guild's id
				check("role", r.ID)
			}
			for _, c := range g.Channels {
				check("channel", c.ID)
			}
			for _, m := range g.Members {
				check("user", m.User.ID)
			}
			check("guild", g.ID)
			n, _ := strconv.ParseUint(g.ID, 10, 64)
			for shards := 1; shards <= 16; shards++ {
				if got := int(n >> 22 % uint64(shards)); got != i%shards {
					t.Fatalf("guild %d is on shard %d of %d; want %d", i, got, shards, i%shards)
				}
			}
		}
		check("message", srv.NewUser("late"))
	})
}

func TestNone(t *testing.T) {
	bubble(t, &Options{Guilds: -1}, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		in := listen(d)
		open(t, d)
		if diff := cmp.Diff([]string{"READY"}, in.all()); diff != "" {
			t.Errorf("events for a bot without guilds (-want +got):\n%s", diff)
		}
		defer func() {
			if recover() == nil {
				t.Error("Guild(0) without guilds returned; want a panic")
			}
		}()
		srv.Guild(0)
	})
	bubble(t, &Options{Members: -1, Channels: -1, Roles: -1}, func(t *testing.T, srv *Server) {
		g := srv.Guild(0)
		if len(g.Members) != 1 || len(g.Channels) != 0 || len(g.Roles) != 1 || g.OwnerID != g.Members[0].User.ID {
			t.Errorf("empty guild = %d members, %d channels, %d roles; want the bot, its owner, and @everyone", len(g.Members), len(g.Channels), len(g.Roles))
		}
	})
}
