package discordtest

import (
	"math"
	"strconv"
)

func (s *Server) getGateway(*call) (any, error) {
	return map[string]any{"url": s.gatewayURL()}, nil
}

func (s *Server) getGatewayBot(*call) (any, error) {
	return map[string]any{
		"url":    s.gatewayURL(),
		"shards": s.opts.Shards,
		"session_start_limit": map[string]any{
			"total": 1000, "remaining": max(0, 1000-s.made), "reset_after": 86_400_000, "max_concurrency": 1,
		},
	}, nil
}

func (s *Server) getMe(c *call) (any, error) { return c.user, nil }

func (s *Server) getUser(c *call) (any, error) {
	id, err := c.id("user")
	if err != nil {
		return nil, err
	}
	return orError(s.world.user(id))
}

func (s *Server) getApplication(*call) (any, error) {
	bot := s.world.bot
	return map[string]any{"id": bot.ID, "name": bot.Username, "description": "", "bot_public": true, "flags": 0}, nil
}

// myGuild is a guild as /users/@me/guilds shows it.
type myGuild struct {
	ID          snowflake `json:"id"`
	Name        string    `json:"name"`
	Icon        *string   `json:"icon"`
	Owner       bool      `json:"owner"`
	Permissions string    `json:"permissions"`
	Features    []string  `json:"features"`
	Members     int       `json:"approximate_member_count,omitempty"`
	Presences   int       `json:"approximate_presence_count,omitempty"`
}

func (s *Server) getMyGuilds(c *call) (any, error) {
	w, err := c.window(200, 200)
	if err != nil {
		return nil, err
	}
	counts := c.URL.Query().Get("with_counts") == "true"
	var mine []*guild
	for _, g := range s.world.guilds {
		if _, err := g.member(c.user.ID); err == nil {
			mine = append(mine, g)
		}
	}
	list := []myGuild{}
	for _, g := range cut(mine, w, (*guild).id) {
		m, err := g.member(c.user.ID)
		if err != nil {
			continue
		}
		v := myGuild{
			ID: g.ID, Name: g.Name, Icon: g.Icon, Features: g.Features,
			Owner:       g.OwnerID == c.user.ID,
			Permissions: strconv.FormatInt(g.permissions(m), 10),
		}
		if counts {
			v.Members, v.Presences = g.memberCount, g.presences()
		}
		list = append(list, v)
	}
	return list, nil
}

// presences is a guess at how many members are online; nothing here knows.
func (g *guild) presences() int { return int(math.Ceil(float64(g.memberCount) / 3)) }

// orError keeps a nil pointer from becoming a result that is not nil.
func orError[T any](v *T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}
