// Package stats is a cog that sums up what happens in the guilds of the bot. It
// runs as a process of its own, built from this source: edit it while the bot
// runs, and what it tells changes within a second. What it has counted stays.
package stats

import (
	"context"
	"fmt"
	"sync"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
)

// Cog returns the cog. Nothing in it knows whether it runs in a process of its
// own or is compiled into the bot.
func Cog() cogs.Cog { return cogs.Cog{Name: "stats", Setup: setup} }

type stats struct {
	mu   sync.Mutex // protects seen
	seen counts
}

type counts struct{ Came, Went int }

func setup(_ context.Context, r *cogs.Registrar) error {
	s := &stats{}
	cogs.Handle(r, api.TellStats, s.tell)
	discord.On(r, func(context.Context, *discordgo.GuildMemberAdd) error { return s.count(1, 0) })
	discord.On(r, func(context.Context, *discordgo.GuildMemberRemove) error { return s.count(0, 1) })
	cogs.Keep(r, "seen", &s.seen)
	return nil
}

// tell is what to edit.
func (s *stats) tell(context.Context, wire.Empty) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d people came, %d went.", s.seen.Came, s.seen.Went), nil
}

func (s *stats) count(came, went int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen.Came += came
	s.seen.Went += went
	return nil
}
