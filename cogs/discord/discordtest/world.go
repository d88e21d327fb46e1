package discordtest

import (
	"time"

	"github.com/bwmarrin/discordgo"
)

// world is the data that Discord would store. Server.mu guards all of it.
type world struct {
	bot      *user
	users    map[snowflake]*user
	guilds   []*guild // in the order in which they were made, which is also the order of ids
	channels map[snowflake]*channel
	commands map[snowflake][]*command // by guild; 0 for the global commands
	lastID   int64                    // the time of the newest id, in milliseconds after the Discord epoch
}

// The types below have the fields of Discord's JSON. Discordgo's own types would send
// fields that Discord never sends in these places.

type user struct {
	ID            snowflake `json:"id"`
	Username      string    `json:"username"`
	Discriminator string    `json:"discriminator"`
	GlobalName    *string   `json:"global_name"`
	Avatar        *string   `json:"avatar"`
	Bot           bool      `json:"bot,omitempty"`
	PublicFlags   int       `json:"public_flags"`
}

type role struct {
	ID          snowflake `json:"id"`
	Name        string    `json:"name"`
	Color       int       `json:"color"`
	Hoist       bool      `json:"hoist"`
	Position    int       `json:"position"`
	Permissions int64     `json:"permissions,string"`
	Managed     bool      `json:"managed"`
	Mentionable bool      `json:"mentionable"`
}

type channel struct {
	ID            snowflake  `json:"id"`
	GuildID       snowflake  `json:"guild_id"`
	Type          int        `json:"type"`
	Name          string     `json:"name"`
	Topic         *string    `json:"topic"`
	Position      int        `json:"position"`
	NSFW          bool       `json:"nsfw"`
	ParentID      *snowflake `json:"parent_id"`
	LastMessageID *snowflake `json:"last_message_id"`
	Overwrites    []any      `json:"permission_overwrites"`

	messages []*message // oldest first
}

type guild struct {
	ID                snowflake  `json:"id"`
	Name              string     `json:"name"`
	Icon              *string    `json:"icon"`
	Description       *string    `json:"description"`
	OwnerID           snowflake  `json:"owner_id"`
	AfkTimeout        int        `json:"afk_timeout"`
	VerificationLevel int        `json:"verification_level"`
	PreferredLocale   string     `json:"preferred_locale"`
	SystemChannelID   *snowflake `json:"system_channel_id"`
	Features          []string   `json:"features"`
	Roles             []*role    `json:"roles"`
	Emojis            []any      `json:"emojis"`
	Stickers          []any      `json:"stickers"`

	channels    []*channel
	members     []*member // by user id
	bans        []*ban    // by user id
	memberCount int
}

func (g *guild) id() snowflake { return g.ID }

func (w *world) guild(id snowflake) (*guild, error) {
	i, ok := find(w.guilds, id, (*guild).id)
	if !ok {
		return nil, unknown(discordgo.ErrCodeUnknownGuild, "Guild")
	}
	return w.guilds[i], nil
}

func (w *world) channel(id snowflake) (*channel, *guild, error) {
	ch, ok := w.channels[id]
	if !ok {
		return nil, nil, unknown(discordgo.ErrCodeUnknownChannel, "Channel")
	}
	g, err := w.guild(ch.GuildID)
	return ch, g, err
}

func (w *world) user(id snowflake) (*user, error) {
	u, ok := w.users[id]
	if !ok {
		return nil, unknown(discordgo.ErrCodeUnknownUser, "User")
	}
	return u, nil
}

func (w *world) addUser(id snowflake, name string, bot bool) *user {
	u := &user{ID: id, Username: name, Discriminator: "0", Bot: bot}
	w.users[id] = u
	return u
}

// newID returns an id for a thing that is made now. The clock of a synctest bubble starts
// before Discord existed; floor keeps such ids valid.
func (w *world) newID() snowflake {
	const floor = 315_532_800_000 // the start of 2025
	w.lastID = max(w.lastID+1, time.Now().UnixMilli()-discordEpoch, floor)
	return snowflakeAt(w.lastID)
}

func (g *guild) role(id snowflake) (*role, error) {
	for _, r := range g.Roles {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, unknown(discordgo.ErrCodeUnknownRole, "Role")
}
