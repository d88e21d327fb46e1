package discordtest

import "strconv"

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

func (s *Server) getMe(c *call) (any, error) { return c.caller, nil }

func (s *Server) getUser(c *call) (any, error) { return s.world.user(c.userID) }

// myGuild is a guild in the form that /users/@me/guilds has.
type myGuild struct {
	ID          snowflake `json:"id"`
	Name        string    `json:"name"`
	Icon        *string   `json:"icon"`
	Owner       bool      `json:"owner"`
	Permissions string    `json:"permissions"`
	Features    []string  `json:"features"`
	Members     int       `json:"approximate_member_count,omitempty"`
}

func (s *Server) getMyGuilds(c *call) (any, error) {
	limit, err := c.limit(200, 200)
	if err != nil {
		return nil, err
	}
	mine := []myGuild{}
	for _, g := range s.world.guilds {
		m, err := g.member(c.caller.ID)
		if err != nil {
			continue
		}
		v := myGuild{
			ID: g.ID, Name: g.Name, Icon: g.Icon, Features: g.Features,
			Owner:       g.OwnerID == c.caller.ID,
			Permissions: strconv.FormatInt(g.permissions(m), 10),
		}
		if c.URL.Query().Get("with_counts") == "true" {
			v.Members = g.memberCount
		}
		mine = append(mine, v)
	}
	return cut(c, mine, limit, func(g myGuild) snowflake { return g.ID })
}
