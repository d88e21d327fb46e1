// Package members is a cog that counts the members of each guild, and the people that
// have joined and left since the bot started.
package members

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
)

// Cog returns the cog.
func Cog() cogs.Cog { return cogs.Cog{Name: "members", Setup: setup} }

type members struct {
	discord *discord.View

	mu    sync.Mutex // protects flows
	flows map[wire.Snowflake]flow
}

// A flow is the number of people that joined and left a guild.
type flow struct{ Joins, Leaves int }

func setup(_ context.Context, r *cogs.Registrar) error {
	m := &members{discord: discord.From(r), flows: map[wire.Snowflake]flow{}}
	cogs.Handle(r, api.CountMembers, m.count)
	cogs.Handle(r, api.ListGuilds, m.list)
	discord.On(r, m.onJoin)
	discord.On(r, m.onLeave)
	cogs.Keep(r, "flows", &m.flows) // the counts survive a reload
	return nil
}

func (m *members) count(ctx context.Context, req api.Guild) (api.Members, error) {
	g, err := m.discord.Guild(ctx, req.ID)
	if err != nil {
		return api.Members{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(g), nil
}

func (m *members) list(ctx context.Context, _ wire.Empty) ([]api.Members, error) {
	guilds, err := m.discord.Guilds(ctx)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]api.Members, len(guilds))
	for i, g := range guilds {
		list[i] = m.of(g)
	}
	slices.SortStableFunc(list, func(a, b api.Members) int { return cmp.Compare(b.Count, a.Count) })
	return list, nil
}

// of returns the numbers for the guild g. The caller holds m.mu.
func (m *members) of(g discord.Guild) api.Members {
	f := m.flows[g.ID]
	return api.Members{Guild: g.ID, Name: g.Name, Count: g.MemberCount, Joins: f.Joins, Leaves: f.Leaves}
}

func (m *members) onJoin(_ context.Context, e *discordgo.GuildMemberAdd) error {
	return m.change(e.GuildID, flow{Joins: 1})
}

func (m *members) onLeave(_ context.Context, e *discordgo.GuildMemberRemove) error {
	return m.change(e.GuildID, flow{Leaves: 1})
}

func (m *members) change(guild string, by flow) error {
	id, err := wire.ParseSnowflake(guild)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.flows[id]
	m.flows[id] = flow{f.Joins + by.Joins, f.Leaves + by.Leaves}
	return nil
}
