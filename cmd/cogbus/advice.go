package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// An advised error tells what to do next.
type advised struct {
	err    error
	advice string
}

func (e *advised) Error() string { return e.err.Error() }

func (e *advised) Unwrap() error { return e.err }

// advise adds what to do next to the error of a call of endpoint. Where a name
// was wrong it asks the bot for those that it has; ctx bounds that.
func (s *session) advise(ctx context.Context, bot *client.Client, endpoint string, err error) error {
	ctx, cancel := context.WithTimeout(ctx, lookAround)
	defer cancel()
	advice := ""
	switch code := wire.CodeOf(err); {
	case code == wire.NoRoute && strings.HasPrefix(endpoint, "cogbus."):
		advice = "bots of the Python package have no routes of that kind"
	case code == wire.NoRoute:
		advice = adviseRoute(ctx, bot, endpoint)
	case code == wire.NotFound && s.cog != "":
		advice = adviseCog(ctx, bot, s.cog)
	default:
		advice = s.adviseOn(err)
	}
	return &advised{fmt.Errorf("call %s: %w", endpoint, err), advice}
}

// adviseOn returns what to do next after an error that needs no look at the bot.
func (s *session) adviseOn(err error) string {
	_, from := s.address()
	switch code := wire.CodeOf(err); {
	case code == wire.Unauthorized && s.secret.from == "":
		return "set COGBUS_SECRET, or name a file that holds the secret with --secret-file"
	case code == wire.Unauthorized:
		return "the secret came from " + s.secret.from
	case code == wire.Forbidden && s.command.admin && s.secret.from != "COGBUS_ADMIN_SECRET":
		return "set COGBUS_ADMIN_SECRET, or name a file that holds the admin secret with --secret-file"
	case code == wire.Timeout:
		return fmt.Sprintf("it had %s: --timeout gives it longer", s.limit())
	case code == wire.Unavailable && errors.Is(err, syscall.ECONNREFUSED) && from == "":
		return "COGBUS_TARGET or --target names another place than " + defaultTarget
	case code == wire.Unavailable && from == "COGBUS_TARGET":
		return "the address came from COGBUS_TARGET"
	}
	return ""
}

// lookAround is how long names that are like a wrong one may be looked for.
const lookAround = 2 * time.Second

func adviseRoute(ctx context.Context, bot *client.Client, endpoint string) string {
	routes, err := client.Call(ctx, bot, admin.Routes, wire.Empty{})
	if err != nil {
		return ""
	}
	var names []string
	for _, r := range routes {
		names = append(names, r.Endpoint)
	}
	return orList(near(endpoint, names), "cogbus routes lists what there is")
}

func adviseCog(ctx context.Context, bot *client.Client, name string) string {
	cogs, err := client.Call(ctx, bot, admin.Cogs, wire.Empty{})
	if err != nil {
		return ""
	}
	var names []string
	for _, c := range cogs {
		names = append(names, c.Name)
	}
	return orList(near(name, names), "cogbus cogs lists those that are loaded")
}

func orList(similar []string, list string) string {
	if len(similar) == 0 {
		return list
	}
	return strings.TrimPrefix(didYouMean(similar), ": ")
}

// inFlags turns what package client says about its options into what a user of
// this program can set.
func inFlags(text string) string {
	return strings.NewReplacer(
		"set Options.AllowCleartextSecret", "allow it by --allow-cleartext-secret",
		": set Options.Secret", "",
		"Options.Secret", "a file for --secret-file, or into COGBUS_SECRET",
	).Replace(text)
}
