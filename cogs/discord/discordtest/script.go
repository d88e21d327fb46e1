package discordtest

import (
	"encoding/json"
	"fmt"
	"time"
)

// NewUser makes a person, who is in no guild yet, and returns the person's id.
func (s *Server) NewUser(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.addUser(s.world.newID(), name, false).ID.String()
}

// Join makes a user a member of a guild, and sends the event to the bots. If the user is a
// member already, it does nothing. It returns an error if there is no such guild or user.
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

// Leave ends a membership, and sends the event to the bots. It returns an error if there is
// no such guild or user, or if the user is not a member of the guild.
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

// part removes a member, and sends the event. The caller must hold s.mu.
func (s *Server) part(g *guild, m *member) error {
	g.remove(m)
	return s.emit("GUILD_MEMBER_REMOVE", g.ID, departure{g.ID, m.User})
}

// Message posts a message of a member to a channel, sends the event to the bots, and
// returns the id of the message. It returns an error if there is no such channel or user,
// or if the user is not a member of the channel's guild.
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

// Dispatch sends an event, such as "INTERACTION_CREATE", with data as its payload. data may
// be a discordgo struct. It returns an error if data does not encode to a JSON object.
//
// The event goes to the shard of the guild that data names in the field guild_id, or in id
// for the events that carry a guild. If data names no guild, the event goes to shard 0.
// Dispatch does not change the answers of REST: Join, Leave and Message do.
func (s *Server) Dispatch(event string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("dispatch %s: %w", event, err)
	}
	// The ids are texts and not snowflakes, since discordgo's structs hold "" for no guild.
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
