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

// Request calls a route of the bot, for at most Limit. Its error names the route, and has
// a hint at the user's next step.
func (e *Env) Request(ctx context.Context, bot *client.Client, endpoint string, data any) ([]byte, error) {
	deadline := time.Now().Add(e.Limit())
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	result, err := bot.Request(limited, endpoint, data)
	if err == nil {
		return result, nil
	}
	own := !client.IsAnswer(err)
	if wire.CodeOf(err) == wire.Timeout && !time.Now().Before(deadline) {
		own = true // the bot knows the deadline, too, and its answer may overtake the client's timer
	}
	return nil, e.explain(ctx, bot, endpoint, err, own)
}

// Explain adds the name of the route to the error of its call, and a hint at the user's
// next step. If a name was wrong it asks the bot for similar ones, until ctx ends or two
// seconds have passed.
func (e *Env) Explain(ctx context.Context, bot *client.Client, endpoint string, err error) error {
	return e.explain(ctx, bot, endpoint, err, !client.IsAnswer(err))
}

// explain is Explain. If own is true, the error is the client's, and not the bot's answer.
func (e *Env) explain(ctx context.Context, bot *client.Client, endpoint string, err error, own bool) error {
	ctx, cancel := context.WithTimeout(ctx, lookAround)
	defer cancel()
	var hint string
	builtin := strings.HasPrefix(endpoint, "cogbus.")
	switch code := wire.CodeOf(err); {
	case code == wire.NoRoute && builtin:
		hint = "bots of the Python package have no routes of that kind"
	case code == wire.NoRoute:
		if list, err := routesOf(ctx, bot); err == nil {
			hint = similarOr("cogbus routes lists all routes", endpoint, list)
		}
	case code == wire.NotFound && e.Subject.Cog != "":
		if list, err := cogsOf(ctx, bot); err == nil {
			hint = similarOr("cogbus cogs lists the loaded cogs", e.Subject.Cog, list)
		}
	case code == wire.Timeout && !own && !builtin:
		hint = "the bot gave up, not --timeout: cogbus routes lists the time limits of routes"
	default:
		hint = e.hint(err, own)
	}
	switch s := e.Subject; {
	case s.Cog == "":
		err = fmt.Errorf("call %s: %w", endpoint, err)
	case !strings.Contains(err.Error(), " "+s.Cog+": "): // the bot's message does not name the cog
		err = fmt.Errorf("%s %s: %w", s.Verb, s.Cog, err)
	}
	return &Error{Err: err, Hint: hint}
}

// Hint returns the user's next step after an error of a call, or of connecting, except
// for errors about names. It returns "" if there is no hint.
func (e *Env) Hint(err error) string { return e.hint(err, !client.IsAnswer(err)) }

// hint is Hint. If own is true, the error is the client's, and not the bot's answer.
func (e *Env) hint(err error, own bool) string {
	target, from := e.Address()
	// Bots of these dialects check the secret with each call. Others check it once, when
	// the client connects, so their later answers are about other secrets.
	perCall := strings.HasPrefix(target, "ipcx:") || strings.HasPrefix(target, "discover:")
	switch code := wire.CodeOf(err); {
	case code == wire.Unauthorized && !own && !perCall:
		return ""
	case code == wire.Unauthorized && e.secret.from == "":
		return "set COGBUS_SECRET, or name a file that holds the secret with --secret-file"
	case code == wire.Unauthorized:
		return "the secret came from " + e.secret.from
	case code == wire.Forbidden && e.Admin && e.secret.from != "COGBUS_ADMIN_SECRET":
		return "set COGBUS_ADMIN_SECRET, or name a file that holds the admin secret with --secret-file"
	case code == wire.Timeout && own:
		return fmt.Sprintf("it had %s: --timeout gives it longer", e.Limit())
	case code == wire.Unavailable && errors.Is(err, syscall.ECONNREFUSED) && from == "":
		return "COGBUS_TARGET or --target names another place than " + defaultTarget
	case code == wire.Unavailable && own && from == "COGBUS_TARGET":
		return "the address came from COGBUS_TARGET"
	}
	return ""
}

// lookAround is the time in which Explain may ask the bot for names like a wrong one.
const lookAround = 2 * time.Second

// similarOr returns the names that are like the wrong one, as a question. If there are
// none, it returns instead.
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
