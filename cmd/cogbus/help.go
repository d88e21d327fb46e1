package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

func newHelp() *command {
	return &command{
		name:     "help",
		params:   "[COMMAND]",
		summary:  "explain cogbus, or one command",
		examples: []string{"cogbus help", "cogbus help call"},
		max:      1,
		local:    true,
		run: func(_ context.Context, s *session, args []string) error {
			if len(args) == 0 {
				s.usage(s.out)
				return nil
			}
			c, err := findOrSuggest(args[0])
			if err != nil {
				return err
			}
			s.commandUsage(c.name)
			return nil
		},
	}
}

// usage writes the help of all.
func (s *session) usage(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }() // if to is s.out, that keeps the error
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	write("cogbus calls the routes of a running bot and looks after its cogs.\n\nUsage: cogbus [FLAGS] COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n")
	for _, c := range commands() {
		write("  %s\t%s\n", c.name, c.summary)
	}
	write("\n\"cogbus help COMMAND\" tells more of one.\n\nFlags of all commands:\n")
	fs := newFlagSet()
	(&globals{}).register(fs)
	writeFlags(w, fs)
	write("%s\nExit codes:\n", environment)
	for _, e := range exits() {
		text := e.meaning
		if len(e.codes) > 0 {
			var codes []string
			for _, c := range e.codes {
				codes = append(codes, string(c))
			}
			text += ": " + strings.Join(codes, ", ")
		}
		write("  %d\t%s\n", e.code, text)
	}
}

const environment = `
Addresses:
  ws://localhost:8765	a bot on this machine; the default
  wss://bot.example.com	a bot behind TLS
  unix:///run/bot.sock	a bot's Unix socket
  ipcx://localhost:8765	a bot of the Python package discord-ext-ipcx
  discover://localhost	the same, asking port 20000 for its port

Secrets are never flags, since every process of a machine can read those:
  COGBUS_SECRET	the bot's secret
  COGBUS_ADMIN_SECRET	the admin secret, which load, unload and reload take first
  --secret-file FILE	either, before the environment; a line break at its end is left out
`

// commandUsage prints the help of one command.
func (s *session) commandUsage(name string) {
	c := find(name)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }() // s.out keeps the error
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	write("Usage: %s\n\n%s%s.\n", strings.TrimSpace("cogbus "+c.name+" "+c.params), strings.ToUpper(c.summary[:1]), c.summary[1:])
	if c.details != "" {
		write("\n%s\n", c.details)
	}
	if c.flags != nil {
		fs := newFlagSet()
		c.flags(fs)
		if c.groups == nil {
			write("\nFlags:\n")
			writeFlags(w, fs)
		}
		for _, g := range c.groups {
			write("\n%s:\n", g.title)
			g.write(w, fs)
		}
	}
	if !c.local {
		write("\nFlags of all commands:\n")
		fs := newFlagSet()
		(&globals{}).register(fs)
		writeFlags(w, fs)
	}
	write("\nExamples:\n")
	for _, e := range c.examples {
		write("  %s\n", e)
	}
	if !c.local {
		write("\n\"cogbus help\" tells of addresses, secrets and exit codes.\n")
	}
}

func writeFlags(w io.Writer, fs *flag.FlagSet) {
	fs.VisitAll(func(f *flag.Flag) { writeFlag(w, f, dashed(f.Name)) })
}

func writeFlag(w io.Writer, f *flag.Flag, names string) {
	value, text := flag.UnquoteUsage(f)
	if isBool(f) {
		value = ""
	}
	_, _ = fmt.Fprintf(w, "  %s\t%s\n", strings.TrimSpace(names+" "+value), text)
}

// A flagGroup is flags that are explained together.
type flagGroup struct {
	title string
	names string // with spaces between; rate/r has a short form
}

func (g flagGroup) write(w io.Writer, fs *flag.FlagSet) {
	for name := range strings.FieldsSeq(g.names) {
		name, short, ok := strings.Cut(name, "/")
		names := dashed(name)
		if ok {
			names = dashed(short) + ", " + names
		}
		writeFlag(w, fs.Lookup(name), names)
	}
}
