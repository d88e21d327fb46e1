package discordtest

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/bwmarrin/discordgo"
)

// command is an application command: what the client sent, and an id.
type command struct {
	id     snowflake
	name   string
	fields map[string]json.RawMessage
}

// MarshalJSON implements [json.Marshaler].
func (cmd *command) MarshalJSON() ([]byte, error) { return json.Marshal(cmd.fields) }

// scope returns the guild whose commands the path means, 0 for the global ones.
func (s *Server) scope(c *call) (snowflake, error) {
	app, err := c.id("app")
	if err != nil {
		return 0, err
	}
	if app != s.world.bot.ID {
		return 0, unknown(discordgo.ErrCodeUnknownApplication, "Application")
	}
	if c.PathValue("guild") == "" {
		return 0, nil
	}
	g, err := s.guildOf(c)
	if err != nil {
		return 0, err
	}
	return g.ID, nil
}

func (s *Server) commandOf(c *call) (scope snowflake, at int, err error) {
	if scope, err = s.scope(c); err != nil {
		return 0, 0, err
	}
	id, err := c.id("command")
	if err != nil {
		return 0, 0, err
	}
	at = slices.IndexFunc(s.world.commands[scope], func(cmd *command) bool { return cmd.id == id })
	if at < 0 {
		return 0, 0, unknown(discordgo.ErrCodeUnknownApplicationCommand, "application command")
	}
	return scope, at, nil
}

// newCommand makes a command of a body. One that exists by that name in the
// scope keeps its id, as Discord has it.
func (s *Server) newCommand(scope snowflake, fields map[string]json.RawMessage) (*command, error) {
	cmd := &command{fields: maps.Clone(fields)}
	if err := json.Unmarshal(fields["name"], &cmd.name); err != nil || cmd.name == "" {
		return nil, invalid("name", "BASE_TYPE_REQUIRED", "This field is required")
	}
	for _, old := range s.world.commands[scope] {
		if old.name == cmd.name {
			cmd.id = old.id
		}
	}
	if cmd.id == 0 {
		cmd.id = s.world.newID()
	}
	own := map[string]snowflake{"id": cmd.id, "application_id": s.world.bot.ID, "version": s.world.newID()}
	if scope != 0 {
		own["guild_id"] = scope
	}
	for field, id := range own {
		cmd.fields[field] = json.RawMessage(`"` + id.String() + `"`)
	}
	return cmd, nil
}

func (s *Server) getCommands(c *call) (any, error) {
	scope, err := s.scope(c)
	if err != nil {
		return nil, err
	}
	return append([]*command{}, s.world.commands[scope]...), nil
}

func (s *Server) putCommands(c *call) (any, error) {
	scope, err := s.scope(c)
	if err != nil {
		return nil, err
	}
	var in []map[string]json.RawMessage
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	all := make([]*command, len(in))
	for i, fields := range in {
		if all[i], err = s.newCommand(scope, fields); err != nil {
			return nil, err
		}
	}
	s.world.commands[scope] = all
	return slices.Clone(all), nil
}

func (s *Server) postCommand(c *call) (any, error) {
	scope, err := s.scope(c)
	if err != nil {
		return nil, err
	}
	var in map[string]json.RawMessage
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	cmd, err := s.newCommand(scope, in)
	if err != nil {
		return nil, err
	}
	all := s.world.commands[scope]
	if at := slices.IndexFunc(all, func(old *command) bool { return old.id == cmd.id }); at >= 0 {
		all[at] = cmd
		return cmd, nil
	}
	s.world.commands[scope] = append(all, cmd)
	return created{cmd}, nil
}

func (s *Server) getCommand(c *call) (any, error) {
	scope, at, err := s.commandOf(c)
	if err != nil {
		return nil, err
	}
	return s.world.commands[scope][at], nil
}

func (s *Server) patchCommand(c *call) (any, error) {
	scope, at, err := s.commandOf(c)
	if err != nil {
		return nil, err
	}
	old := s.world.commands[scope][at]
	var in map[string]json.RawMessage
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	fields := maps.Clone(old.fields)
	maps.Copy(fields, in)
	for _, own := range []string{"id", "application_id", "guild_id"} {
		fields[own] = old.fields[own]
	}
	cmd := &command{id: old.id, fields: fields}
	if err := json.Unmarshal(fields["name"], &cmd.name); err != nil {
		return nil, invalid("name", "STRING_TYPE_CONVERT", "Could not interpret as string.")
	}
	s.world.commands[scope][at] = cmd
	return cmd, nil
}

func (s *Server) deleteCommand(c *call) (any, error) {
	scope, at, err := s.commandOf(c)
	if err != nil {
		return nil, err
	}
	s.world.commands[scope] = slices.Delete(s.world.commands[scope], at, at+1)
	return nil, nil
}

// postCallback takes a bot's response to an interaction. Nothing shows it to
// anybody: it stands in Requests.
func (s *Server) postCallback(c *call) (any, error) {
	if _, err := c.id("interaction"); err != nil {
		return nil, err
	}
	return nil, nil
}
