package discord

import (
	"time"

	"github.com/cogbus/cogbus/wire"
)

// A Guild describes a guild, without its members, channels and roles.
type Guild struct {
	ID          wire.Snowflake `json:"id"`
	Name        string         `json:"name"`
	Icon        string         `json:"icon,omitempty"` // the hash in the URLs of Discord's CDN; empty: none
	OwnerID     wire.Snowflake `json:"owner_id"`
	MemberCount int            `json:"member_count"`
	Unavailable bool           `json:"unavailable,omitempty"` // Discord has not sent the guild yet, or has an outage: the other fields are empty or out of date
}

// A Member is a user in a guild.
type Member struct {
	ID         wire.Snowflake   `json:"id"`
	Username   string           `json:"username"`
	GlobalName string           `json:"global_name,omitempty"`
	Nick       string           `json:"nick,omitempty"`
	Avatar     string           `json:"avatar,omitempty"` // the hash in the URLs of Discord's CDN; empty: none
	Bot        bool             `json:"bot,omitempty"`
	Roles      []wire.Snowflake `json:"roles"` // without @everyone
	JoinedAt   time.Time        `json:"joined_at"`
}

// Name returns the name that other members see: the nick name, otherwise the global name,
// otherwise the user name.
func (m Member) Name() string {
	switch {
	case m.Nick != "":
		return m.Nick
	case m.GlobalName != "":
		return m.GlobalName
	}
	return m.Username
}

// A Channel is a channel of a guild.
type Channel struct {
	ID       wire.Snowflake `json:"id"`
	Name     string         `json:"name"`
	Type     int            `json:"type"` // one of the values of discordgo.ChannelType
	Topic    string         `json:"topic,omitempty"`
	ParentID wire.Snowflake `json:"parent_id,omitempty"` // the id of its category; 0: none
	Position int            `json:"position"`
}

// A Role is a role of a guild. The role with the guild's own id is @everyone.
type Role struct {
	ID          wire.Snowflake `json:"id"`
	Name        string         `json:"name"`
	Color       int            `json:"color"` // 0xRRGGBB; 0: none
	Position    int            `json:"position"`
	Permissions int64          `json:"permissions,string"` // a sum of discordgo's Permission constants
}
