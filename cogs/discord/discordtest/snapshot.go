package discordtest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bwmarrin/discordgo"
)

// guildCreate is a guild in the form of the event GUILD_CREATE, with its members and
// channels, for which REST has separate endpoints.
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

// created returns a guild in the form in which a session gets it. As on Discord, a large
// guild has only its first members in it, and without the presence intent a guild has only
// the bot.
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

// Guild returns guild number i in its present state, with its channels, its roles and all
// its listed members. It is a copy that belongs to the caller. i is an index: Guild panics
// unless it is from 0 to Options.Guilds-1.
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
