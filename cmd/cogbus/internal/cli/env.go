// Package cli is the frame of every command of cogbus: it reads the flags that all
// commands take, reaches the bot, prints results, and turns errors into messages and
// exit codes. It knows no command by name.
package cli

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

const defaultTarget = "ws://localhost:8765"

// An Env is one run of the program: its streams, its environment, and the values of
// the flags that all commands take.
type Env struct {
	Stdin  io.Reader
	Out    *Output // standard output
	Errs   io.Writer
	Getenv func(string) string

	// JSON is --json: print JSON only, errors included.
	JSON bool

	// Timeout is --timeout. If zero, the flag was not given.
	Timeout time.Duration

	// DefaultTimeout is the limit of a call without --timeout. A command sets it
	// before it calls the bot. If zero, the limit is 30 seconds.
	DefaultTimeout time.Duration

	// Admin makes Connect look for the admin secret first. A command sets it before
	// it calls Connect.
	Admin bool

	// Subject is the cog that the command changes, for messages. Most commands have
	// none.
	Subject Subject

	target     string // --target
	secretFile string // --secret-file
	cleartext  bool   // --allow-cleartext-secret

	colours Colours         // of Errs
	secret  secret          // set by ClientOptions
	client  *client.Options // set by ClientOptions
}

// A Subject is the change that a command makes, and its cog: "reload", "members".
type Subject struct {
	Verb, Cog string
}

// NewEnv returns the environment of a run with these streams. Getenv is usually
// os.Getenv.
func NewEnv(stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) *Env {
	return &Env{
		Stdin:   stdin,
		Out:     &Output{w: stdout, Terminal: isTerminal(stdout), Colours: coloursOf(stdout, getenv)},
		Errs:    stderr,
		Getenv:  getenv,
		colours: coloursOf(stderr, getenv),
	}
}

// Address returns the bot's address, and the name of the flag or variable that it
// comes from ("" for the default address).
func (e *Env) Address() (target, from string) {
	if e.target != "" {
		return e.target, "--target"
	}
	if target := e.Getenv("COGBUS_TARGET"); target != "" {
		return target, "COGBUS_TARGET"
	}
	return defaultTarget, ""
}

// ClientOptions returns the options of clients. The error is a usage error.
func (e *Env) ClientOptions() (*client.Options, error) {
	if e.client != nil {
		return e.client, nil
	}
	var err error
	if e.secret, err = e.readSecret(); err != nil {
		return nil, err
	}
	e.client = &client.Options{
		Secret:               e.secret.value,
		AllowCleartextSecret: e.cleartext,
		Name:                 "cogbus " + ReadVersion().Version,
		Logger:               slog.New(slog.DiscardHandler), // the errors of calls say the same
	}
	return e.client, nil
}

// Connect returns a client, which connects with its first call. The error is a
// usage error.
func (e *Env) Connect() (*client.Client, error) {
	o, err := e.ClientOptions()
	if err != nil {
		return nil, err
	}
	target, _ := e.Address()
	bot, err := client.New(target, o)
	if err != nil {
		return nil, Usagef("%s", InFlags(strings.TrimPrefix(err.Error(), "client: ")))
	}
	return bot, nil
}

// Limit returns how long one call may take.
func (e *Env) Limit() time.Duration {
	for _, d := range []time.Duration{e.Timeout, e.DefaultTimeout} {
		if d > 0 {
			return d
		}
	}
	return 30 * time.Second
}

// Ask calls a route that every bot has. With --json it prints the answer unchanged,
// including keys that this program does not know. Otherwise show prints it.
func Ask[Req, Resp any](ctx context.Context, e *Env, route wire.Route[Req, Resp], req Req, show func(Resp)) error {
	bot, err := e.Connect()
	if err != nil {
		return err
	}
	defer func() { _ = bot.Close() }()
	raw, err := e.Request(ctx, bot, string(route), req)
	if err != nil {
		return err
	}
	if e.JSON {
		e.Out.Printf("%s\n", raw)
		return nil
	}
	var resp Resp
	if err := json.Unmarshal(raw, &resp); err != nil {
		return fmt.Errorf("read the answer of %s: %w: --json shows it", route, err)
	}
	show(resp)
	return nil
}
