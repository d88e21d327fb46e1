package discordtest

import (
	"encoding/json"
	"time"
)

type message struct {
	ID              snowflake       `json:"id"`
	ChannelID       snowflake       `json:"channel_id"`
	Type            int             `json:"type"`
	Author          *user           `json:"author"`
	Content         string          `json:"content"`
	Timestamp       time.Time       `json:"timestamp"`
	EditedTimestamp *time.Time      `json:"edited_timestamp"`
	TTS             bool            `json:"tts"`
	Pinned          bool            `json:"pinned"`
	Flags           int             `json:"flags"`
	MentionEveryone bool            `json:"mention_everyone"`
	Mentions        []*user         `json:"mentions"`
	MentionRoles    []snowflake     `json:"mention_roles"`
	Attachments     []any           `json:"attachments"`
	Embeds          json.RawMessage `json:"embeds"`
	Components      json.RawMessage `json:"components"`
	Reference       json.RawMessage `json:"message_reference,omitempty"`
}

// messageEvent is a message in the form in which the gateway sends it.
type messageEvent struct {
	*message
	GuildID snowflake `json:"guild_id"`
	Member  *member   `json:"member,omitempty"`
}

// keepMessages is the least number of messages that a channel remembers.
const keepMessages = 1000

func newMessage(id snowflake, ch *channel, author *user) *message {
	return &message{
		ID:           id,
		ChannelID:    ch.ID,
		Author:       author,
		Timestamp:    id.time(),
		Mentions:     []*user{},
		MentionRoles: []snowflake{},
		Attachments:  []any{},
		Embeds:       json.RawMessage("[]"),
		Components:   json.RawMessage("[]"),
	}
}

func (m *message) id() snowflake { return m.ID }

// withoutContent returns the message in the form that a bot without the message content
// intent gets.
func (e messageEvent) withoutContent() messageEvent {
	m := *e.message
	m.Content = ""
	m.Embeds, m.Components = json.RawMessage("[]"), json.RawMessage("[]")
	e.message = &m
	return e
}

// post adds a message to its channel and sends the event. The caller must hold s.mu.
func (s *Server) post(m *message, ch *channel, g *guild) error {
	ch.messages = append(ch.messages, m)
	if len(ch.messages) > 2*keepMessages {
		ch.messages = append([]*message(nil), ch.messages[len(ch.messages)-keepMessages:]...)
	}
	ch.LastMessageID = &m.ID
	return s.emitMessage("MESSAGE_CREATE", m, g)
}

// emitMessage sends an event with a message to the bots. The caller must hold s.mu.
func (s *Server) emitMessage(event string, m *message, g *guild) error {
	e := messageEvent{message: m, GuildID: g.ID}
	if author, err := g.member(m.Author.ID); err == nil {
		e.Member = author.withoutUser()
	}
	return s.emit(event, g.ID, e)
}
