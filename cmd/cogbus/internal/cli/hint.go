package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// Explain adds to the error of a call of endpoint what was called, and a hint at what
// to do next. Where a name was wrong it asks the bot for similar ones, until ctx ends
// or two seconds have passed.
func (e *Env) Explain(ctx context.Context, bot *client.Client, endpoint string, err error) error {
	ctx, cancel := context.WithTimeout(ctx, lookAround)
	defer cancel()
	var hint string
	switch code := wire.CodeOf(err); {
	case code == wire.NoRoute && strings.HasPrefix(endpoint, "cogbus."):
		hint = "bots of the Python package have no routes of that kind"
	case code == wire.NoRoute:
		if list, err := routesOf(ctx, bot); err == nil {
			hint = similarOr("cogbus routes lists what there is", endpoint, list)
		}
	case code == wire.NotFound && e.Subject.Cog != "":
		if list, err := cogsOf(ctx, bot); err == nil {
			hint = similarOr("cogbus cogs lists those that are loaded", e.Subject.Cog, list)
		}
	default:
		hint = e.Hint(err)
	}
	switch s := e.Subject; {
	case s.Cog == "":
		err = fmt.Errorf("call %s: %w", endpoint, err)
	case !strings.Contains(err.Error(), " "+s.Cog+": "): // the bot has not named it
		err = fmt.Errorf("%s %s: %w", s.Verb, s.Cog, err)
	}
	return &Error{Err: err, Hint: hint}
}

// Hint returns what to do next after an error that has nothing to do with names; ""
// if there is no hint.
func (e *Env) Hint(err error) string {
	_, from := e.Address()
	switch code := wire.CodeOf(err); {
	case code == wire.Unauthorized && e.secret.from == "":
		return "set COGBUS_SECRET, or name a file that holds the secret with --secret-file"
	case code == wire.Unauthorized:
		return "the secret came from " + e.secret.from
	case code == wire.Forbidden && e.Admin && e.secret.from != "COGBUS_ADMIN_SECRET":
		return "set COGBUS_ADMIN_SECRET, or name a file that holds the admin secret with --secret-file"
	case code == wire.Timeout:
		return fmt.Sprintf("it had %s: --timeout gives it longer", e.Limit())
	case code == wire.Unavailable && errors.Is(err, syscall.ECONNREFUSED) && from == "":
		return "COGBUS_TARGET or --target names another place than " + defaultTarget
	case code == wire.Unavailable && from == "COGBUS_TARGET":
		return "the address came from COGBUS_TARGET"
	}
	return ""
}

// lookAround is how long Explain may ask the bot for names like a wrong one.
const lookAround = 2 * time.Second

// similarOr returns the names that are like the wrong one, as a question, or what to do
// if none is.
func similarOr(instead, wrong string, list []entry) string {
	var names []string
	for _, n := range list {
		names = append(names, n.name)
	}
	if similar := Near(wrong, names); len(similar) > 0 {
		return strings.TrimPrefix(DidYouMean(similar), ": ")
	}
	return instead
}

// InFlags replaces options of package client in its errors by the flags and variables
// of this program.
func InFlags(text string) string {
	return strings.NewReplacer(
		"set Options.AllowCleartextSecret", "allow it by --allow-cleartext-secret",
		": set Options.Secret", "",
		"Options.Secret", "a file for --secret-file, or into COGBUS_SECRET",
	).Replace(text)
}
