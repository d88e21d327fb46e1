package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// A session is one run of the program.
type session struct {
	stdin    io.Reader
	out      *sink
	errs     io.Writer
	getenv   func(string) string
	terminal bool // out is one

	globals
	command *command
	cog     string          // that the command is about
	secret  secret          // set by options
	client  *client.Options // set by options
}

// address returns the bot's address, and what named it.
func (s *session) address() (target, from string) {
	if s.target != "" {
		return s.target, "--target"
	}
	if target := s.getenv("COGBUS_TARGET"); target != "" {
		return target, "COGBUS_TARGET"
	}
	return defaultTarget, ""
}

// options returns the client's options. The error is a usage error.
func (s *session) options() (*client.Options, error) {
	if s.client != nil {
		return s.client, nil
	}
	var err error
	if s.secret, err = s.readSecret(); err != nil {
		return nil, err
	}
	s.client = &client.Options{
		Secret:               s.secret.value,
		AllowCleartextSecret: s.cleartext,
		Name:                 "cogbus " + readVersion().Version,
		Logger:               slog.New(slog.DiscardHandler), // its errors tell the same
	}
	return s.client, nil
}

// connect returns a client, which connects with its first call. The error is a
// usage error.
func (s *session) connect() (*client.Client, error) {
	o, err := s.options()
	if err != nil {
		return nil, err
	}
	target, _ := s.address()
	bot, err := client.New(target, o)
	if err != nil {
		return nil, usagef(s.command.name, "%s", inFlags(strings.TrimPrefix(err.Error(), "client: ")))
	}
	return bot, nil
}

// limit returns how long one call may take.
func (s *session) limit() time.Duration {
	for _, d := range []time.Duration{s.timeout, s.command.timeout} {
		if d > 0 {
			return d
		}
	}
	return 30 * time.Second
}

// ask calls a route that every bot has. With --json the answer is printed as it
// came, keys that this program does not know included; else show prints it.
func ask[Req, Resp any](ctx context.Context, s *session, route wire.Route[Req, Resp], req Req, show func(Resp)) error {
	bot, err := s.connect()
	if err != nil {
		return err
	}
	defer func() { _ = bot.Close() }()
	limited, cancel := context.WithTimeout(ctx, s.limit())
	defer cancel()
	raw, err := bot.Request(limited, string(route), req)
	if err != nil {
		return s.advise(ctx, bot, string(route), err)
	}
	if s.json {
		s.out.printf("%s\n", raw)
		return nil
	}
	var resp Resp
	if err := json.Unmarshal(raw, &resp); err != nil {
		return fmt.Errorf("read the answer of %s: %w: --json shows it", route, err)
	}
	show(resp)
	return nil
}
