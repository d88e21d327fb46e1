package discordtest

import "unicode/utf8"

func (s *Server) getGuild(c *call) (any, error) {
	if c.URL.Query().Get("with_counts") != "true" {
		return c.guild, nil
	}
	return struct {
		*guild
		Members int `json:"approximate_member_count"`
	}{c.guild, c.guild.memberCount}, nil
}

func (s *Server) getChannels(c *call) (any, error) { return c.guild.channels, nil }

func (s *Server) getRoles(c *call) (any, error) { return c.guild.Roles, nil }

func (s *Server) patchGuild(c *call) (any, error) {
	var in struct {
		Name              *string `json:"name"`
		Description       *string `json:"description"`
		AfkTimeout        *int    `json:"afk_timeout"`
		VerificationLevel *int    `json:"verification_level"`
		PreferredLocale   *string `json:"preferred_locale"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Name != nil {
		if n := utf8.RuneCountInString(*in.Name); n < 2 || n > 100 {
			return nil, invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
		}
	}
	g := c.guild
	set(&g.Name, in.Name)
	set(&g.AfkTimeout, in.AfkTimeout)
	set(&g.VerificationLevel, in.VerificationLevel)
	set(&g.PreferredLocale, in.PreferredLocale)
	if in.Description != nil {
		g.Description = in.Description
	}
	return g, s.emit("GUILD_UPDATE", g.ID, g)
}

// set sets a field to the value of a PATCH, if the PATCH has one.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
