// Package stats is a cog that counts the joins and leaves in the guilds of the bot.
// It runs as a process of its own, built from this source. Edit the source while the bot
// runs, and the answers of the cog change within a second. The counts stay.
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

// Cog returns the cog. Its code is the same for a process of its own and for a cog that is
// compiled into the bot.
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

// tell returns the sentence. Edit it while the bot runs.
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
