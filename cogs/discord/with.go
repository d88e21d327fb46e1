package discord

import (
	"context"
	"sync"
	"weak"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
)

// With returns copies of the given cogs that have session as their Discord: [On] and [From]
// work in their Setups. A cog from one call of With may replace a cog from another call
// with the same session. session belongs to the bot, which opens and closes it.
//
// With panics if session is nil, or if the first call with a session comes after its Open.
// The first call sets SyncEvents, because discordgo would otherwise run each handler in a
// goroutine of its own, and events would overtake each other. Cogs do not notice that. But
// handlers that the bot itself adds to the session now run on the goroutine that reads
// events: they must be quick, and must not load or unload cogs. Several goroutines may call
// With at once.
func With(session *discordgo.Session, list ...cogs.Cog) []cogs.Cog {
	h := hostOf(session)
	out := make([]cogs.Cog, len(list))
	for i, c := range list {
		if setup := c.Setup; setup != nil {
			c.Setup = func(ctx context.Context, r *cogs.Registrar) error {
				(*instance.Recorder)(r).SetHost(h)
				return setup(ctx, r)
			}
		}
		out[i] = c
	}
	return out
}

// sessions finds the host of a session, since a session has no field for it. The pointers
// are weak, so that the map keeps no session alive. A session keeps its host alive through
// its handlers.
var sessions struct {
	mu    sync.Mutex // protects hosts
	hosts map[weak.Pointer[discordgo.Session]]weak.Pointer[host]
}

func hostOf(session *discordgo.Session) *host {
	if session == nil {
		panic("discord.With: the session is nil")
	}
	sessions.mu.Lock()
	defer sessions.mu.Unlock()
	key := weak.Make(session)
	if h := sessions.hosts[key].Value(); h != nil {
		return h
	}
	h := newHost(session)
	for old, known := range sessions.hosts {
		if known.Value() == nil {
			delete(sessions.hosts, old)
		}
	}
	if sessions.hosts == nil {
		sessions.hosts = map[weak.Pointer[discordgo.Session]]weak.Pointer[host]{}
	}
	sessions.hosts[key] = weak.Make(h)
	return h
}
