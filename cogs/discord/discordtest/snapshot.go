package discordtest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bwmarrin/discordgo"
)

// guildCreate is a guild as the gateway introduces it: with what REST has
// endpoints of their own for.
type guildCreate struct {
	*guild
	JoinedAt    time.Time  `json:"joined_at"`
	Large       bool       `json:"large"`
	Unavailable bool       `json:"unavailable"`
	MemberCount int        `json:"member_count"`
	Members     []*member  `json:"members"`
	Channels    []*channel `json:"channels"`
	Threads     []any      `json:"threads"`
	VoiceStates []any      `json:"voice_states"`
	Presences   []any      `json:"presences"`
}

// created is what a session learns of a guild. As on Discord, a large guild
// shows only its first members, and without the presence intent a guild shows
// nobody but the bot.
func (g *guild) created(ss *session, bot *user) guildCreate {
	shown := g.members
	if g.memberCount > ss.large {
		shown = shown[:min(len(shown), ss.large)]
	}
	if ss.intents&discordgo.IntentGuildPresences == 0 {
		shown = nil
	}
	me, err := g.member(bot.ID)
	if err == nil {
		if _, ok := find(shown, bot.ID, (*member).id); !ok {
			shown = append([]*member{me}, shown...)
		}
	}
	return g.with(shown, g.memberCount > ss.large)
}

func (g *guild) with(members []*member, large bool) guildCreate {
	return guildCreate{
		guild:       g,
		JoinedAt:    g.ID.time().Add(time.Hour),
		Large:       large,
		MemberCount: g.memberCount,
		Members:     members,
		Channels:    append([]*channel{}, g.channels...),
		Threads:     []any{},
		VoiceStates: []any{},
		Presences:   []any{},
	}
}

// Guild returns guild number i as it is now, with its channels, its roles and
// all members that it lists: a copy, which the caller owns. The numbers run
// from 0 to Options.Guilds-1; like an index, another one panics.
func (s *Server) Guild(i int) *discordgo.Guild {
	s.mu.Lock()
	if i < 0 || i >= len(s.world.guilds) {
		s.mu.Unlock()
		panic(fmt.Sprintf("discordtest: Guild(%d): there are %d guilds", i, s.opts.Guilds))
	}
	g := s.world.guilds[i]
	raw, err := json.Marshal(g.with(g.members, false))
	s.mu.Unlock()
	out := new(discordgo.Guild)
	if err == nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		panic(fmt.Sprintf("discordtest: copy a guild: %v", err))
	}
	for _, m := range out.Members {
		m.GuildID = out.ID
	}
	return out
}
