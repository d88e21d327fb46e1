package discordtest

import (
	"encoding/json"
	"fmt"
	"time"
)

// NewUser makes a person who is in no guild yet and returns the id.
func (s *Server) NewUser(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.addUser(s.world.newID(), name, false).ID.String()
}

// Join makes a user a member of a guild and tells the bots. It does nothing
// if the user is a member already, and fails if there is no such guild or user.
func (s *Server) Join(guildID, userID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, u, err := s.lookUp(guildID, userID)
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	m, isNew := g.add(u, time.Now())
	if !isNew {
		return nil
	}
	return s.emit("GUILD_MEMBER_ADD", g.ID, memberEvent{m, g.ID})
}

// Leave ends a membership and tells the bots. It fails if the user is not a
// member of the guild, and if there is no such guild or user.
func (s *Server) Leave(guildID, userID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, u, err := s.lookUp(guildID, userID)
	if err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	m, err := g.member(u.ID)
	if err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return s.part(g, m)
}

// part removes a member, on whatever ground. The caller must hold s.mu.
func (s *Server) part(g *guild, m *member) error {
	g.remove(m)
	return s.emit("GUILD_MEMBER_REMOVE", g.ID, departure{g.ID, m.User})
}

// Message has a member of the channel's guild say something, tells the bots,
// and returns the id of the message. It fails if there is no such channel or
// the user is not a member.
func (s *Server) Message(channelID, userID, text string) (messageID string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := parseSnowflake(channelID)
	if err != nil {
		return "", fmt.Errorf("message: %w", err)
	}
	ch, g, err := s.world.channel(id)
	if err != nil {
		return "", fmt.Errorf("message: %w", err)
	}
	_, u, err := s.lookUp(g.ID.String(), userID)
	if err != nil {
		return "", fmt.Errorf("message: %w", err)
	}
	if _, err := g.member(u.ID); err != nil {
		return "", fmt.Errorf("message: %w", err)
	}
	m := newMessage(s.world.newID(), ch, u)
	m.Content = text
	return m.ID.String(), s.post(m, ch, g)
}

// Dispatch sends an event, such as "INTERACTION_CREATE", with data as its
// payload, which may be a discordgo struct. It goes to the shard of the guild
// that data names in guild_id (in id, for the events that carry a guild) and to
// shard 0 if it names none. What REST answers does not change: use Join and its
// like for that. It fails if data does not encode to a JSON object.
func (s *Server) Dispatch(event string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("dispatch %s: %w", event, err)
	}
	// Text and not snowflakes: discordgo's structs hold "" for no guild.
	var at struct {
		ID      any    `json:"id"`
		GuildID string `json:"guild_id"`
	}
	if err := json.Unmarshal(raw, &at); err != nil {
		return fmt.Errorf("dispatch %s: %w", event, err)
	}
	switch event {
	case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE":
		at.GuildID, _ = at.ID.(string)
	}
	var guildID snowflake
	if at.GuildID != "" {
		if guildID, err = parseSnowflake(at.GuildID); err != nil {
			return fmt.Errorf("dispatch %s: %w", event, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emit(event, guildID, json.RawMessage(raw))
}

// lookUp finds a guild and a user. The caller must hold s.mu.
func (s *Server) lookUp(guildID, userID string) (*guild, *user, error) {
	gid, err := parseSnowflake(guildID)
	if err != nil {
		return nil, nil, err
	}
	uid, err := parseSnowflake(userID)
	if err != nil {
		return nil, nil, err
	}
	g, err := s.world.guild(gid)
	if err != nil {
		return nil, nil, err
	}
	u, err := s.world.user(uid)
	return g, u, err
}
