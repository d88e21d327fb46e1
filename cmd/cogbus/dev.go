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
	"syscall"
	"time"
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
begin with a dash stand behind "--". Ctrl-C ends the bot as it would without.`,
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

// botGrace is how long a bot may take to end after Ctrl-C. Servers end calls after
// ten seconds.
const botGrace = 20 * time.Second

// dev builds the bot and runs it until it ends, or ctx does.
func (s *session) dev(ctx context.Context, pkg string, args []string) error {
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
		pkg = "." + string(filepath.Separator) + pkg // a folder, and not a package of the standard library
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, pkg)
	build.Stdout, build.Stderr = s.errs, s.errs // with file and line
	switch err := build.Run(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("there is no go command to build the bot with: %w", err)
	case err != nil:
		return &exitError{fmt.Errorf("build the bot %s: %w", pkg, err), exitFailed}
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	again := make(chan os.Signal, 1)
	defer signal.Stop(again)
	bot := exec.CommandContext(ctx, binary, args...)
	bot.Env = append(os.Environ(), "COGBUS_DEV=1")
	bot.Stdin, bot.Stdout, bot.Stderr = s.stdin, s.out.w, s.errs // as they are: they may be a terminal
	apart(bot)                                                   // else it gets a Ctrl-C twice, and takes the second for impatience
	bot.Cancel = func() error {
		signal.Notify(again, os.Interrupt, syscall.SIGTERM) // from now on it is
		return interrupt(bot.Process)
	}
	bot.WaitDelay = botGrace
	if err := bot.Start(); err != nil {
		return fmt.Errorf("run the bot: %w", err)
	}
	gone, watching := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case <-again:
			_ = bot.Process.Kill()
		case <-gone:
		}
	}()
	err = bot.Wait()
	close(gone)
	<-watching
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err()) || ended):
		return nil // it was asked to
	case ended && exit.ExitCode() > 0: // it has said why
		return &exitError{fmt.Errorf("the bot ended: %w", err), exit.ExitCode()}
	case err != nil:
		return fmt.Errorf("run the bot: %w", err)
	}
	return nil
}
