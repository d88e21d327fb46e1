package discordtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"
)

func (s *Server) getChannel(c *call) (any, error) { return c.channel, nil }

func (s *Server) postTyping(c *call) (any, error) {
	return nil, s.emit("TYPING_START", c.guild.ID, map[string]any{
		"channel_id": c.channel.ID, "guild_id": c.guild.ID, "user_id": c.caller.ID, "timestamp": time.Now().Unix(),
	})
}

// getMessages answers with the newest message first. Without before and after, it answers
// with the newest messages of the channel.
func (s *Server) getMessages(c *call) (any, error) {
	limit, err := c.limit(50, 100)
	if err != nil {
		return nil, err
	}
	all := c.channel.messages
	if q := c.URL.Query(); !q.Has("before") && !q.Has("after") {
		all = all[max(0, len(all)-limit):]
	}
	page, err := cut(c, all, limit, (*message).id)
	page = slices.Clone(page)
	slices.Reverse(page)
	return page, err
}

func (s *Server) getMessage(c *call) (any, error) { return c.channel.messages[c.message], nil }

func (s *Server) postMessage(c *call) (any, error) {
	m := newMessage(s.world.newID(), c.channel, c.caller)
	if err := m.edit(c); err != nil {
		return nil, err
	}
	return m, s.post(m, c.channel, c.guild)
}

func (s *Server) patchMessage(c *call) (any, error) {
	m := c.channel.messages[c.message]
	if m.Author != c.caller {
		return nil, &apiError{Status: http.StatusForbidden, Code: 50005, Message: "Cannot edit a message authored by another user"}
	}
	if err := m.edit(c); err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	m.EditedTimestamp = &now
	return m, s.emitMessage("MESSAGE_UPDATE", m, c.guild)
}

func (s *Server) deleteMessage(c *call) (any, error) {
	m := c.channel.messages[c.message]
	c.channel.messages = slices.Delete(c.channel.messages, c.message, c.message+1)
	return nil, s.emit("MESSAGE_DELETE", c.guild.ID, map[string]any{
		"id": m.ID, "channel_id": c.channel.ID, "guild_id": c.guild.ID,
	})
}

// edit changes the fields of m that the request's body has. If it fails, it changes
// nothing.
func (m *message) edit(c *call) error {
	var in struct {
		Content    *string         `json:"content"`
		TTS        *bool           `json:"tts"`
		Flags      *int            `json:"flags"`
		Embeds     json.RawMessage `json:"embeds"`
		Components json.RawMessage `json:"components"`
		Reference  json.RawMessage `json:"message_reference"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	next := *m
	set(&next.Content, in.Content)
	set(&next.TTS, in.TTS)
	set(&next.Flags, in.Flags)
	// Discordgo sends null for an empty list.
	if in.Embeds != nil && string(in.Embeds) != "null" {
		next.Embeds = in.Embeds
	}
	if in.Components != nil && string(in.Components) != "null" {
		next.Components = in.Components
	}
	if in.Reference != nil {
		next.Reference, next.Type = in.Reference, int(discordgo.MessageTypeReply)
	}
	if utf8.RuneCountInString(next.Content) > 2000 {
		return invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
	}
	if next.Content == "" && string(next.Embeds) == "[]" && string(next.Components) == "[]" {
		return &apiError{Status: http.StatusBadRequest, Code: discordgo.ErrCodeCannotSendEmptyMessage, Message: "Cannot send an empty message"}
	}
	*m = next
	return nil
}
