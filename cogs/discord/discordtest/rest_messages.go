package discordtest

import (
	"encoding/json"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"
)

func (s *Server) channelOf(c *call) (*channel, *guild, error) {
	id, err := c.id("channel")
	if err != nil {
		return nil, nil, err
	}
	return s.world.channel(id)
}

// messageOf returns the channel, its guild, and where the message stands in
// the channel.
func (s *Server) messageOf(c *call) (ch *channel, g *guild, at int, err error) {
	if ch, g, err = s.channelOf(c); err != nil {
		return nil, nil, 0, err
	}
	id, err := c.id("message")
	if err != nil {
		return nil, nil, 0, err
	}
	at, ok := find(ch.messages, id, (*message).id)
	if !ok {
		return nil, nil, 0, unknown(discordgo.ErrCodeUnknownMessage, "Message")
	}
	return ch, g, at, nil
}

func (s *Server) getChannel(c *call) (any, error) {
	ch, _, err := s.channelOf(c)
	return orError(ch, err)
}

func (s *Server) postTyping(c *call) (any, error) {
	ch, g, err := s.channelOf(c)
	if err != nil {
		return nil, err
	}
	return nil, s.emit("TYPING_START", g.ID, map[string]any{
		"channel_id": ch.ID, "guild_id": g.ID, "user_id": c.user.ID, "timestamp": time.Now().Unix(),
	})
}

func (s *Server) getMessages(c *call) (any, error) {
	ch, _, err := s.channelOf(c)
	if err != nil {
		return nil, err
	}
	w, err := c.window(50, 100)
	if err != nil {
		return nil, err
	}
	if w.before == 0 && w.after == 0 && w.around == 0 {
		w.before = math.MaxUint64
	}
	newestFirst := append([]*message{}, cut(ch.messages, w, (*message).id)...)
	slices.Reverse(newestFirst)
	return newestFirst, nil
}

func (s *Server) getMessage(c *call) (any, error) {
	ch, _, at, err := s.messageOf(c)
	if err != nil {
		return nil, err
	}
	return ch.messages[at], nil
}

// draft is what a client sends of a message.
type draft struct {
	Content    *string         `json:"content"`
	TTS        bool            `json:"tts"`
	Flags      *int            `json:"flags"`
	Embeds     json.RawMessage `json:"embeds"`
	Components json.RawMessage `json:"components"`
	Reference  json.RawMessage `json:"message_reference"`
	Nonce      json.RawMessage `json:"nonce"`
}

// apply writes what the draft names into m.
func (d *draft) apply(m *message, files []attachment) error {
	next := *m
	set(&next.Content, d.Content)
	set(&next.Flags, d.Flags)
	if listed(d.Embeds) {
		next.Embeds = d.Embeds
	}
	if listed(d.Components) {
		next.Components = d.Components
	}
	next.Attachments = append(slices.Clip(next.Attachments), files...)
	if utf8.RuneCountInString(next.Content) > 2000 {
		return invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
	}
	if next.Content == "" && len(next.Attachments) == 0 && string(next.Embeds) == "[]" && string(next.Components) == "[]" {
		return &apiError{Status: 400, Code: discordgo.ErrCodeCannotSendEmptyMessage, Message: "Cannot send an empty message"}
	}
	*m = next
	return nil
}

// listed reports whether a body has a list at all: discordgo sends null for an
// empty one.
func listed(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func (s *Server) postMessage(c *call) (any, error) {
	ch, g, err := s.channelOf(c)
	if err != nil {
		return nil, err
	}
	d, files, err := s.draftOf(c)
	if err != nil {
		return nil, err
	}
	m := newMessage(s.world.newID(), ch, c.user)
	if err := d.apply(m, files); err != nil {
		return nil, err
	}
	m.TTS, m.Nonce = d.TTS, d.Nonce
	if listed(d.Reference) {
		m.Reference, m.Type = d.Reference, int(discordgo.MessageTypeReply)
	}
	return m, s.post(m, ch, g)
}

func (s *Server) patchMessage(c *call) (any, error) {
	ch, g, at, err := s.messageOf(c)
	if err != nil {
		return nil, err
	}
	m := ch.messages[at]
	if m.Author != c.user {
		return nil, &apiError{Status: 403, Code: 50005, Message: "Cannot edit a message authored by another user"}
	}
	d, files, err := s.draftOf(c)
	if err != nil {
		return nil, err
	}
	if err := d.apply(m, files); err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	m.EditedTimestamp = &now
	return m, s.emitMessage("MESSAGE_UPDATE", m, g)
}

func (s *Server) deleteMessage(c *call) (any, error) {
	ch, g, at, err := s.messageOf(c)
	if err != nil {
		return nil, err
	}
	m := ch.messages[at]
	ch.messages = slices.Delete(ch.messages, at, at+1)
	return nil, s.emit("MESSAGE_DELETE", g.ID, map[string]any{"id": m.ID, "channel_id": ch.ID, "guild_id": g.ID})
}
