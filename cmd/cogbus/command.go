package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"
)

// A command is what the first word after cogbus asks for.
type command struct {
	name     string
	params   string // of the usage line
	summary  string // for the list of commands
	details  string // for its own help
	examples []string

	min, max int           // how many arguments it takes
	local    bool          // it asks no bot
	sources  bool          // it needs some, and a go command
	admin    bool          // it takes the admin secret
	timeout  time.Duration // without --timeout; if zero, 30 seconds

	flags  func(fs *flag.FlagSet) // adds its own; nil: none
	groups []flagGroup            // how the help has them; nil: by name
	run    func(ctx context.Context, s *session, args []string) error
}

// commands returns all commands, in the order of the help.
func commands() []*command {
	return []*command{
		newCall(),
		newRoutes(),
		newCogs(),
		newReload(),
		newRollback(),
		newLoad(),
		newUnload(),
		newDev(),
		newBuild(),
		newPing(),
		newVersion(),
		newHelp(),
	}
}

func find(name string) *command {
	for _, c := range commands() {
		if c.name == name {
			return c
		}
	}
	return nil
}

// findOrSuggest returns an error that names commands like name if there is none
// of that name.
func findOrSuggest(name string) (*command, error) {
	if c := find(name); c != nil {
		return c, nil
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return nil, usagef("", "unknown command %q%s", name, didYouMean(near(name, names)))
}

// dispatch finds the command that args name, sets the flags and runs it.
func (s *session) dispatch(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "--version" { // what people try first
		args = []string{"version"}
	}
	fs := newFlagSet()
	s.globals.register(fs)
	args, err := parse(fs, args, true)
	switch {
	case errors.Is(err, flag.ErrHelp):
		s.usage(s.out)
		return nil
	case err != nil:
		return err
	case len(args) == 0:
		s.usage(s.errs)
		return usagef("", "no command given")
	}
	s.command, err = findOrSuggest(args[0])
	if err != nil {
		return err
	}
	fs = newFlagSet()
	s.globals.register(fs)
	if s.command.flags != nil {
		s.command.flags(fs)
	}
	args, err = parse(fs, args[1:], false)
	switch {
	case errors.Is(err, flag.ErrHelp):
		s.commandUsage(s.command.name)
		return nil
	case err != nil:
		return inCommand(err, s.command.name)
	}
	if err := s.command.check(args); err != nil {
		return err
	}
	return s.command.run(ctx, s, args)
}

// check reports whether there are as many arguments as c takes.
func (c *command) check(args []string) error {
	switch {
	case len(args) < c.min:
		return usagef(c.name, "%s: an argument is missing: want cogbus %s %s", c.name, c.name, c.params)
	case len(args) > c.max && c.name == "call":
		// the shell has taken the JSON apart
		return usagef(c.name, "call: %d arguments; want at most %d: put the JSON in single quotes: '%s'",
			len(args), c.max, strings.Join(args[1:], " "))
	case len(args) > c.max:
		return usagef(c.name, "%s: one argument too many: %q", c.name, args[c.max])
	}
	return nil
}

// A usageError is a command line that asks for nothing that there is.
type usageError struct {
	text    string
	command string // whose help tells more; "" for the help of all
}

func usagef(command, format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...), command: command}
}

func (e *usageError) Error() string { return e.text }

// help names the command that tells how it is done.
func (e *usageError) help() string { return strings.TrimSpace("cogbus help " + e.command) }

// inCommand makes a usage error point to the help of that command.
func inCommand(err error, command string) error {
	if e, ok := errors.AsType[*usageError](err); ok {
		e.command = command
	}
	return err
}
