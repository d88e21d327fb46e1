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

// sendMembers answers REQUEST_GUILD_MEMBERS with chunks, to the session that
// asked. The caller must hold s.mu.
func (s *Server) sendMembers(ss *session, data json.RawMessage) *closing {
	var in struct {
		GuildID json.RawMessage `json:"guild_id"` // an id; older clients send a list of one
		Query   string          `json:"query"`
		UserIDs []snowflake     `json:"user_ids"`
		Limit   int             `json:"limit"`
		Nonce   string          `json:"nonce"`
	}
	ids := make([]snowflake, 1)
	err := json.Unmarshal(data, &in)
	if err == nil && json.Unmarshal(in.GuildID, &ids[0]) != nil {
		err = json.Unmarshal(in.GuildID, &ids)
	}
	if err != nil {
		return &closing{4002, "Error while decoding payload."}
	}
	for _, id := range ids {
		g, err := s.world.guild(id)
		if err != nil {
			continue // Discord answers nothing
		}
		found, missing := []*member{}, []snowflake{}
		for _, id := range in.UserIDs {
			if m, err := g.member(id); err == nil {
				found = append(found, m)
			} else {
				missing = append(missing, id)
			}
		}
		for _, m := range g.members {
			if in.UserIDs == nil && m.named(in.Query) {
				found = append(found, m)
			}
		}
		if in.Limit > 0 {
			found = found[:min(in.Limit, len(found))]
		}
		const size = 1000 // members in a chunk
		chunks := max(1, (len(found)+size-1)/size)
		for i := range chunks {
			ss.pushValue("GUILD_MEMBERS_CHUNK", map[string]any{
				"guild_id": g.ID, "members": found[i*size : min((i+1)*size, len(found))],
				"chunk_index": i, "chunk_count": chunks, "not_found": missing, "nonce": in.Nonce,
			}, s.opts.Replay)
		}
	}
	return nil
}
