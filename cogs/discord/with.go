package discord

import (
	"context"
	"sync"
	"weak"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
)

// With returns the given cogs with session as their host: [On] and [From] work
// in their Setups. Several calls for one session make equal hosts, so a cog may
// be replaced by one that another call returned.
//
// The first call for a session must come before its Open, else With panics. It
// sets SyncEvents, because discordgo would else run handlers in goroutines that
// overtake each other. Cogs do not notice, but handlers that the bot adds to the
// session itself now run where it reads events: they must be quick, and may
// neither load nor unload cogs.
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

// sessions finds the host of a session again, which has no place to keep it.
// The pointers are weak: it keeps no session alive, and a session keeps its host
// alive by its handlers.
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
