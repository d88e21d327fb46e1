package discordtest

import (
	"unicode/utf8"
)

// guildOf returns the guild that the path names.
func (s *Server) guildOf(c *call) (*guild, error) {
	id, err := c.id("guild")
	if err != nil {
		return nil, err
	}
	return s.world.guild(id)
}

func (s *Server) getGuild(c *call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil || c.URL.Query().Get("with_counts") != "true" {
		return orError(g, err)
	}
	return struct {
		*guild
		Members   int `json:"approximate_member_count"`
		Presences int `json:"approximate_presence_count"`
	}{g, g.memberCount, g.presences()}, nil
}

func (s *Server) patchGuild(c *call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	var in struct {
		Name              *string    `json:"name"`
		Description       *string    `json:"description"`
		AfkTimeout        *int       `json:"afk_timeout"`
		VerificationLevel *int       `json:"verification_level"`
		PreferredLocale   *string    `json:"preferred_locale"`
		SystemChannelID   *snowflake `json:"system_channel_id"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Name != nil {
		if n := utf8.RuneCountInString(*in.Name); n < 2 || n > 100 {
			return nil, invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
		}
	}
	set(&g.Name, in.Name)
	set(&g.AfkTimeout, in.AfkTimeout)
	set(&g.VerificationLevel, in.VerificationLevel)
	set(&g.PreferredLocale, in.PreferredLocale)
	if in.Description != nil {
		g.Description = in.Description
	}
	if in.SystemChannelID != nil {
		g.SystemChannelID = in.SystemChannelID
	}
	return g, s.emit("GUILD_UPDATE", g.ID, g)
}

func (s *Server) getChannels(c *call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	return append([]*channel{}, g.channels...), nil
}

func (s *Server) getRoles(c *call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	return g.Roles, nil
}

// set changes what a PATCH names and leaves the rest.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
