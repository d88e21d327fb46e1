package cogtest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

type guild struct {
	ID wire.Snowflake `json:"guild_id"`
}

type members struct {
	Count int `json:"count"`
}

const countMembers wire.Route[guild, members] = "members.count"

// page returns the text that the dashboard under test shows for a guild.
func page(ctx context.Context, bot *client.Client, id wire.Snowflake) string {
	m, err := client.Call(ctx, bot, countMembers, guild{ID: id})
	switch wire.CodeOf(err) {
	case "":
		return fmt.Sprintf("%d members", m.Count)
	case wire.NotFound:
		return "the bot is not in this guild"
	}
	return "the bot is away, please come back"
}

// TestDashboard tests a dashboard without its bot: a cog of one route stands in for it. In
// a bubble the dashboard's wait for a bot that is away takes no time.
func TestDashboard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, cogs.Single(countMembers, func(_ context.Context, g guild) (members, error) {
			if g.ID != 1 {
				return members{}, wire.Errorf(wire.NotFound, "no guild %s", g.ID)
			}
			return members{Count: 7}, nil
		}))
		for id, want := range map[wire.Snowflake]string{1: "7 members", 2: "the bot is not in this guild"} {
			if got := page(t.Context(), bot, id); got != want {
				t.Errorf("page(%s) = %q; want %q", id, got, want)
			}
		}
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
		if got := page(t.Context(), bot, 1); !strings.HasSuffix(got, "please come back") {
			t.Errorf("page(1) without the bot = %q; want that it is away", got)
		}
	})
}

// TestCog tests a cog that has ticks in a synctest bubble, where an hour of the clock takes
// no time.
func TestCog(t *testing.T) {
	const hours wire.Route[wire.Empty, int] = "clock.hours"
	clock := cogs.Cog{Name: "clock", Serial: true, Setup: func(_ context.Context, r *cogs.Registrar) error {
		n := 0
		cogs.Keep(r, "hours", &n)
		r.Every(time.Hour, func(context.Context) error { n++; return nil })
		cogs.Handle(r, hours, func(context.Context, wire.Empty) (int, error) { return n, nil })
		return nil
	}}
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, clock)
		time.Sleep(90 * time.Minute)
		if _, err := srv.Reload(t.Context(), "clock", nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour) // the new instance starts its interval again
		synctest.Wait()
		if got, err := client.Call(t.Context(), bot, hours, wire.Empty{}); got != 3 || err != nil {
			t.Errorf("Call(%s) = %d, %v; want 3", hours, got, err)
		}
	})
}
