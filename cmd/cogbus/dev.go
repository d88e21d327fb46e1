package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"

	"github.com/cogbus/cogbus/internal/subprocess"
)

func newDev() *command {
	return &command{
		name:    "dev",
		params:  "[PACKAGE [ARGUMENTS...]]",
		summary: "run a bot whose cogs follow their sources",
		details: `PACKAGE is the bot's own, package main; the default is the current folder. It is
built and run with COGBUS_DEV=1: each cog that the bot makes by process.Cog from
source is built and reloaded when its source is saved. What the compiler says is
in the bot's log, and the old code serves on. ARGUMENTS are the bot's; those that
begin with a dash stand behind "--".

The bot shares the terminal: it reads from there, and Ctrl-C ends it as it would
without; a second one means what it means to the bot, a third one kills it, and so
does the first after 20 seconds. SIGTERM and SIGHUP are sent on to the bot, as
SIGTERM. An interrupt is sent on only where no terminal has sent it to both: with
"kill", use SIGTERM.`,
		examples: []string{"cogbus dev", "cogbus dev ./cmd/bot -- -addr :8765"},
		max:      1 << 10,
		local:    true,
		sources:  true,
		run: func(ctx context.Context, s *session, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			return s.dev(ctx, args[0], args[1:])
		},
	}
}

// dev builds the bot and runs it until it ends, or ctx does.
func (s *session) dev(ctx context.Context, pkg string, args []string) error {
	signals := make(chan os.Signal, 8) // for several at once; the bot takes them one by one
	signal.Notify(signals, subprocess.Signals()...)
	defer signal.Stop(signals)
	ctx, stop := signal.NotifyContext(ctx, subprocess.Signals()...) // these end the build as well
	defer stop()
	folder, err := os.MkdirTemp("", "cogbus-dev")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "bot")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if info, err := os.Stat(pkg); err == nil && info.IsDir() && !filepath.IsAbs(pkg) {
		if pkg = filepath.Clean(pkg); filepath.IsLocal(pkg) && pkg != "." {
			pkg = "." + string(filepath.Separator) + pkg // a folder, and not a package of the standard library
		}
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, pkg)
	build.Stdout, build.Stderr = s.errs, s.errs // with file and line
	switch err := build.Run(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("there is no go command to build the bot with: %w", err)
	case err != nil:
		return &exitError{fmt.Errorf("build the bot in %s: %w", pkg, err), exitFailed}
	}
	bot := exec.Command(binary, args...) //nolint:noctx // Run ends it
	bot.Env = append(os.Environ(), "COGBUS_DEV=1")
	bot.Stdin, bot.Stdout, bot.Stderr = s.stdin, s.out.w, s.errs // as they are: they may be a terminal
	err = subprocess.Run(ctx, bot, signals)
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil && (err == nil || ended || errors.Is(err, exec.ErrWaitDelay)):
		return nil // it was asked to
	case ended && exit.ExitCode() > 0: // it has said why
		return &exitError{fmt.Errorf("the bot ended: %w", err), exit.ExitCode()}
	case err != nil:
		return fmt.Errorf("run the bot: %w", err)
	}
	return nil
}
