package discord

import (
	"time"

	"github.com/cogbus/cogbus/wire"
)

// A Guild is a guild without what is in it.
type Guild struct {
	ID          wire.Snowflake `json:"id"`
	Name        string         `json:"name"`
	Icon        string         `json:"icon,omitempty"` // a hash, as in the URLs of Discord's CDN
	OwnerID     wire.Snowflake `json:"owner_id"`
	MemberCount int            `json:"member_count"`
	Unavailable bool           `json:"unavailable,omitempty"` // nothing but ID is known, or that was long ago
}

// A Member is a user in a guild.
type Member struct {
	ID         wire.Snowflake   `json:"id"`
	Username   string           `json:"username"`
	GlobalName string           `json:"global_name,omitempty"`
	Nick       string           `json:"nick,omitempty"`
	Avatar     string           `json:"avatar,omitempty"` // a hash
	Bot        bool             `json:"bot,omitempty"`
	Roles      []wire.Snowflake `json:"roles"` // without @everyone
	JoinedAt   time.Time        `json:"joined_at"`
}

// Name returns what other members see: the nick name, else the global name,
// else the user name.
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
	Type     int            `json:"type"` // as discordgo.ChannelType
	Topic    string         `json:"topic,omitempty"`
	ParentID wire.Snowflake `json:"parent_id,omitempty"` // of its category; 0: none
	Position int            `json:"position"`
}

// A Role is a role of a guild. The one with the guild's id is @everyone.
type Role struct {
	ID          wire.Snowflake `json:"id"`
	Name        string         `json:"name"`
	Color       int            `json:"color"` // 0xRRGGBB; 0: none
	Position    int            `json:"position"`
	Permissions int64          `json:"permissions,string"` // as discordgo.PermissionSendMessages and its like
}
