package discordtest

import (
	"encoding/json"
	"maps"
	"slices"
)

// command is an application command: the fields that the client sent, and an id.
type command struct {
	id     snowflake
	name   string
	fields map[string]json.RawMessage
}

// MarshalJSON implements [json.Marshaler].
func (cmd *command) MarshalJSON() ([]byte, error) { return json.Marshal(cmd.fields) }

// newCommand makes a command from a body. A command of the same name in the scope keeps its
// id, as on Discord.
func (s *Server) newCommand(c *call, fields map[string]json.RawMessage) (*command, error) {
	cmd := &command{fields: maps.Clone(fields)}
	if err := json.Unmarshal(fields["name"], &cmd.name); err != nil || cmd.name == "" {
		return nil, invalid("name", "BASE_TYPE_REQUIRED", "This field is required")
	}
	cmd.id = s.world.newID()
	own := map[string]snowflake{"version": cmd.id, "application_id": s.world.bot.ID}
	for _, old := range s.world.commands[c.scope()] {
		if old.name == cmd.name {
			cmd.id = old.id
		}
	}
	own["id"] = cmd.id
	if c.scope() != 0 {
		own["guild_id"] = c.scope()
	}
	for field, id := range own {
		cmd.fields[field] = json.RawMessage(`"` + id.String() + `"`)
	}
	return cmd, nil
}

func (s *Server) getCommands(c *call) (any, error) {
	return append([]*command{}, s.world.commands[c.scope()]...), nil
}

func (s *Server) putCommands(c *call) (any, error) {
	var in []map[string]json.RawMessage
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	all := make([]*command, len(in))
	for i, fields := range in {
		var err error
		if all[i], err = s.newCommand(c, fields); err != nil {
			return nil, err
		}
	}
	s.world.commands[c.scope()] = all
	return all, nil
}

func (s *Server) postCommand(c *call) (any, error) {
	var in map[string]json.RawMessage
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	cmd, err := s.newCommand(c, in)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(s.world.commands[c.scope()], func(old *command) bool { return old.id == cmd.id })
	s.world.commands[c.scope()] = append(others, cmd)
	return cmd, nil
}

func (s *Server) deleteCommand(c *call) (any, error) {
	all := s.world.commands[c.scope()]
	s.world.commands[c.scope()] = slices.Delete(all, c.command, c.command+1)
	return nil, nil
}

// postCallback accepts a bot's response to an interaction. A test reads the response with
// Requests; the fake shows it nowhere else.
func (s *Server) postCallback(*call) (any, error) { return nil, nil }
