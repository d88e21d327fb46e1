package discordtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"
)

// call is one REST request, with the things that the ids in its path name. The other fields
// are zero.
type call struct {
	*http.Request
	body   []byte
	caller *user // the user of the token; nil if no user has it

	userID  snowflake // {user}; such a user need not exist
	guild   *guild    // {guild}, or the guild of {channel}; nil for global commands
	member  *member
	role    *role
	channel *channel
	message int // {message}: index in channel.messages
	command int // {command}: index among the commands of the scope
}

// resolve checks the token, and looks up the things that the ids in the path name. It works
// in Discord's order: first the token, then from the guild inwards.
func (c *call) resolve(w *world) error {
	if !c.allowed() {
		return &apiError{Status: http.StatusUnauthorized, Message: "401: Unauthorized"}
	}
	for _, step := range []struct {
		param string
		find  func(id snowflake) error
	}{
		{"app", func(id snowflake) error {
			if id != w.bot.ID {
				return unknown(discordgo.ErrCodeUnknownApplication, "Application")
			}
			return nil
		}},
		{"guild", func(id snowflake) (err error) { c.guild, err = w.guild(id); return err }},
		{"user", func(id snowflake) error { c.userID = id; return nil }},
		{"member", func(id snowflake) (err error) { c.member, err = c.guild.member(id); return err }},
		{"role", func(id snowflake) (err error) { c.role, err = c.guild.role(id); return err }},
		{"channel", func(id snowflake) (err error) { c.channel, c.guild, err = w.channel(id); return err }},
		{"message", func(id snowflake) error {
			i, ok := find(c.channel.messages, id, (*message).id)
			if !ok {
				return unknown(discordgo.ErrCodeUnknownMessage, "Message")
			}
			c.message = i
			return nil
		}},
		{"command", func(id snowflake) error {
			c.command = slices.IndexFunc(w.commands[c.scope()], func(cmd *command) bool { return cmd.id == id })
			if c.command < 0 {
				return unknown(discordgo.ErrCodeUnknownApplicationCommand, "application command")
			}
			return nil
		}},
	} {
		text := c.PathValue(step.param)
		if text == "" {
			continue
		}
		id, err := parseSnowflake(text)
		if err != nil {
			return invalid(strings.Replace(step.param, "member", "user", 1)+"_id", "NUMBER_TYPE_COERCE", err.Error())
		}
		if err := step.find(id); err != nil {
			return err
		}
	}
	return nil
}

// allowed reports whether the token permits the request. A person's token permits only the
// endpoints of /users/@me; two endpoints need no token.
func (c *call) allowed() bool {
	p := c.URL.Path
	if p == "/gateway" || strings.HasPrefix(p, "/interactions/") {
		return true
	}
	return c.caller != nil && (c.caller.Bot || strings.HasPrefix(p, "/users/@me"))
}

// scope returns the id of the guild whose commands the path refers to, or 0 for the global
// commands.
func (c *call) scope() snowflake {
	if c.guild == nil {
		return 0
	}
	return c.guild.ID
}

// decode reads the JSON body into v.
func (c *call) decode(v any) error {
	if err := json.Unmarshal(c.body, v); err != nil {
		return &apiError{Status: http.StatusBadRequest, Code: 50109, Message: "The request body contains invalid JSON."}
	}
	return nil
}

// limit returns the length of the list that the request asks for.
func (c *call) limit(standard, most int) (int, error) {
	text := c.URL.Query().Get("limit")
	if text == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, invalid("limit", "NUMBER_TYPE_RANGE", fmt.Sprintf("int value should be between 1 and %d.", most))
	}
	return n, nil
}

// cut returns the part of a list that the request asks for with before and after. The list
// is sorted by id. Without before and after, the part is the start of the list.
func cut[T any](c *call, all []T, limit int, idOf func(T) snowflake) ([]T, error) {
	all = slices.Clip(all)
	for _, param := range []string{"before", "after"} {
		text := c.URL.Query().Get(param)
		if text == "" {
			continue
		}
		id, err := parseSnowflake(text)
		if err != nil {
			return nil, invalid(param, "NUMBER_TYPE_COERCE", err.Error())
		}
		i, exact := find(all, id, idOf)
		switch {
		case param == "before":
			all = all[max(0, i-limit):i]
		case exact:
			all = all[i+1:]
		default:
			all = all[i:]
		}
	}
	return all[:min(limit, len(all))], nil
}
