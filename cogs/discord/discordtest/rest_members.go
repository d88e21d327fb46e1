package discordtest

import (
	"slices"

	"github.com/bwmarrin/discordgo"
)

func (s *Server) getMembers(c *call) (any, error) {
	limit, err := c.limit(1, 1000)
	if err != nil {
		return nil, err
	}
	return cut(c, c.guild.members, limit, (*member).id)
}

func (s *Server) searchMembers(c *call) (any, error) {
	limit, err := c.limit(1, 1000)
	if err != nil {
		return nil, err
	}
	found := []*member{}
	for _, m := range c.guild.members {
		if m.named(c.URL.Query().Get("query")) && len(found) < limit {
			found = append(found, m)
		}
	}
	return found, nil
}

func (s *Server) getMember(c *call) (any, error) { return c.member, nil }

func (s *Server) deleteMember(c *call) (any, error) { return nil, s.part(c.guild, c.member) }

func (s *Server) putRole(c *call) (any, error) {
	if slices.Contains(c.member.Roles, c.role.ID) {
		return nil, nil
	}
	return s.setRoles(c, append(c.member.Roles, c.role.ID))
}

func (s *Server) deleteRole(c *call) (any, error) {
	i := slices.Index(c.member.Roles, c.role.ID)
	if i < 0 {
		return nil, nil
	}
	return s.setRoles(c, slices.Delete(c.member.Roles, i, i+1))
}

func (s *Server) setRoles(c *call, roles []snowflake) (any, error) {
	if c.role.ID == c.guild.ID { // every member has @everyone already
		return nil, unknown(discordgo.ErrCodeUnknownRole, "Role")
	}
	c.member.Roles = roles
	return nil, s.emit("GUILD_MEMBER_UPDATE", c.guild.ID, memberEvent{c.member, c.guild.ID})
}

func (s *Server) getBans(c *call) (any, error) {
	limit, err := c.limit(1000, 1000)
	if err != nil {
		return nil, err
	}
	return cut(c, c.guild.bans, limit, (*ban).id)
}

func (s *Server) getBan(c *call) (any, error) {
	i, ok := find(c.guild.bans, c.userID, (*ban).id)
	if !ok {
		return nil, unknown(discordgo.ErrCodeUnknownBan, "Ban")
	}
	return c.guild.bans[i], nil
}

func (s *Server) putBan(c *call) (any, error) {
	g := c.guild
	u, err := s.world.user(c.userID)
	if err != nil {
		return nil, err
	}
	i, ok := find(g.bans, u.ID, (*ban).id)
	if ok {
		return nil, nil
	}
	b := &ban{User: u}
	if reason := c.URL.Query().Get("reason"); reason != "" {
		b.Reason = &reason
	}
	g.bans = slices.Insert(g.bans, i, b)
	if m, err := g.member(u.ID); err == nil {
		if err := s.part(g, m); err != nil {
			return nil, err
		}
	}
	return nil, s.emit("GUILD_BAN_ADD", g.ID, departure{g.ID, u})
}

func (s *Server) deleteBan(c *call) (any, error) {
	v, err := s.getBan(c)
	if err != nil {
		return nil, err
	}
	b := v.(*ban)
	c.guild.bans = slices.DeleteFunc(c.guild.bans, func(other *ban) bool { return other == b })
	return nil, s.emit("GUILD_BAN_REMOVE", c.guild.ID, departure{c.guild.ID, b.User})
}
