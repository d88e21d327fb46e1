package discordtest

import (
	"slices"

	"github.com/bwmarrin/discordgo"
)

// banOf returns the guild, the banned user's id, and where the ban stands in
// the guild's list, or where it would stand.
func (s *Server) banOf(c *call) (g *guild, id snowflake, at int, exists bool, err error) {
	if g, err = s.guildOf(c); err != nil {
		return nil, 0, 0, false, err
	}
	if id, err = c.id("user"); err != nil {
		return nil, 0, 0, false, err
	}
	at, exists = find(g.bans, id, (*ban).id)
	return g, id, at, exists, nil
}

func (s *Server) getBans(c *call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	w, err := c.window(1000, 1000)
	if err != nil {
		return nil, err
	}
	return append([]*ban{}, cut(g.bans, w, (*ban).id)...), nil
}

func (s *Server) getBan(c *call) (any, error) {
	g, _, at, exists, err := s.banOf(c)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, unknown(discordgo.ErrCodeUnknownBan, "Ban")
	}
	return g.bans[at], nil
}

func (s *Server) putBan(c *call) (any, error) {
	g, id, at, exists, err := s.banOf(c)
	if err != nil || exists {
		return nil, err
	}
	u, err := s.world.user(id)
	if err != nil {
		return nil, err
	}
	b := &ban{User: u}
	reason := c.URL.Query().Get("reason") // where discordgo puts it
	if reason == "" {
		reason = c.Header.Get("X-Audit-Log-Reason")
	}
	if reason != "" {
		b.Reason = &reason
	}
	g.bans = slices.Insert(g.bans, at, b)
	if m, err := g.member(id); err == nil {
		if err := s.part(g, m); err != nil {
			return nil, err
		}
	}
	return nil, s.emit("GUILD_BAN_ADD", g.ID, departure{g.ID, u})
}

func (s *Server) deleteBan(c *call) (any, error) {
	g, _, at, exists, err := s.banOf(c)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, unknown(discordgo.ErrCodeUnknownBan, "Ban")
	}
	u := g.bans[at].User
	g.bans = slices.Delete(g.bans, at, at+1)
	return nil, s.emit("GUILD_BAN_REMOVE", g.ID, departure{g.ID, u})
}
