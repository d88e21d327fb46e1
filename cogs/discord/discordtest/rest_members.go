package discordtest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/bwmarrin/discordgo"
)

// memberOf returns the guild and the member that the path names.
func (s *Server) memberOf(c *call) (*guild, *member, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, nil, err
	}
	id, err := c.id("user")
	if err != nil {
		return nil, nil, err
	}
	m, err := g.member(id)
	return g, m, err
}

func (s *Server) getMembers(c *call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	w, err := c.window(1, 1000)
	if err != nil {
		return nil, err
	}
	w.before, w.around = 0, 0 // this list only goes forward
	return cut(g.members, w, (*member).id), nil
}

func (s *Server) searchMembers(c *call) (any, error) {
	g, err := s.guildOf(c)
	if err != nil {
		return nil, err
	}
	w, err := c.window(1, 1000)
	if err != nil {
		return nil, err
	}
	found := []*member{}
	for _, m := range g.members {
		if m.named(c.URL.Query().Get("query")) && len(found) < w.limit {
			found = append(found, m)
		}
	}
	return found, nil
}

func (s *Server) getMember(c *call) (any, error) {
	_, m, err := s.memberOf(c)
	return orError(m, err)
}

func (s *Server) patchMember(c *call) (any, error) {
	g, m, err := s.memberOf(c)
	if err != nil {
		return nil, err
	}
	var in struct {
		Nick  *string         `json:"nick"`
		Roles *[]snowflake    `json:"roles"`
		Mute  *bool           `json:"mute"`
		Deaf  *bool           `json:"deaf"`
		Until json.RawMessage `json:"communication_disabled_until"` // null ends a timeout
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var until *time.Time
	if in.Until != nil {
		if err := json.Unmarshal(in.Until, &until); err != nil {
			return nil, invalid("communication_disabled_until", "DATE_TIME_TYPE_PARSE", "Could not parse "+string(in.Until)+".")
		}
	}
	if in.Roles != nil {
		for _, id := range *in.Roles {
			if _, err := g.role(id); err != nil {
				return nil, err
			}
		}
	}
	set(&m.Roles, in.Roles)
	set(&m.Mute, in.Mute)
	set(&m.Deaf, in.Deaf)
	if in.Nick != nil {
		m.Nick = in.Nick
		if *in.Nick == "" {
			m.Nick = nil
		}
	}
	if in.Until != nil {
		m.TimedOutUntil = until
	}
	return m, s.emit("GUILD_MEMBER_UPDATE", g.ID, memberEvent{m, g.ID})
}

func (s *Server) deleteMember(c *call) (any, error) {
	g, m, err := s.memberOf(c)
	if err != nil {
		return nil, err
	}
	return nil, s.part(g, m)
}

func (s *Server) putRole(c *call) (any, error) {
	return s.changeRole(c, func(m *member, r *role) bool {
		if slices.Contains(m.Roles, r.ID) {
			return false
		}
		m.Roles = append(m.Roles, r.ID)
		return true
	})
}

func (s *Server) deleteRole(c *call) (any, error) {
	return s.changeRole(c, func(m *member, r *role) bool {
		before := len(m.Roles)
		m.Roles = slices.DeleteFunc(m.Roles, func(id snowflake) bool { return id == r.ID })
		return len(m.Roles) != before
	})
}

// changeRole tells the bots if change reports that it did something.
func (s *Server) changeRole(c *call, change func(*member, *role) bool) (any, error) {
	g, m, err := s.memberOf(c)
	if err != nil {
		return nil, err
	}
	id, err := c.id("role")
	if err != nil {
		return nil, err
	}
	r, err := g.role(id)
	if err != nil {
		return nil, err
	}
	if r.ID == g.ID { // everybody has @everyone, and nobody gets it
		return nil, unknown(discordgo.ErrCodeUnknownRole, "Role")
	}
	if !change(m, r) {
		return nil, nil
	}
	return nil, s.emit("GUILD_MEMBER_UPDATE", g.ID, memberEvent{m, g.ID})
}
