// Package dev has the command "dev".
package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/internal/subprocess"
)

// New returns the command "dev".
func New(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "dev [PACKAGE [ARGUMENTS...]]",
		Short: "Run a bot whose cogs follow their sources",
		Long: `PACKAGE is the folder of the bot's package main. The default is the current
folder. cogbus builds the bot and runs it with COGBUS_DEV=1. Then the bot builds and
reloads each cog that it makes by process.Cog from source, whenever that source is
saved. If a cog does not build, the errors of the compiler are in the bot's log, and
the old code serves on. ARGUMENTS are passed to the bot. Put arguments that begin
with a dash behind "--".

The bot shares the terminal with cogbus: it reads from there, and gets each Ctrl-C.
The first one ends it as usual, and the bot decides what a second one does. A third
one kills the bot. If it still runs 20 seconds after the first one, it is killed,
too. SIGTERM and SIGHUP reach the bot as SIGTERM. cogbus passes an interrupt on only
if it did not come from the terminal, which sends it to both: with "kill", use
SIGTERM.`,
		Example:     "cogbus dev\n  cogbus dev ./cmd/bot -- -addr :8765",
		Annotations: map[string]string{cli.Local: "yes"},
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			return run(cmd.Context(), env, args[0], args[1:])
		},
	}
}

// run builds the bot and runs it until it ends, or ctx does.
func run(ctx context.Context, env *cli.Env, pkg string, args []string) error {
	signals := make(chan os.Signal, 8) // several may come at once, and they are passed on one by one
	signal.Notify(signals, subprocess.Signals()...)
	defer signal.Stop(signals)
	ctx, stop := signal.NotifyContext(ctx, subprocess.Signals()...) // the signals also end the build
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
			pkg = "." + string(filepath.Separator) + pkg // otherwise go build takes it for a package of the standard library
		}
	}
	progress := env.Progress("building the bot in " + pkg)
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, pkg)
	build.Stdout, build.Stderr = progress, progress // the compiler's errors, with file and line
	build.WaitDelay = time.Second                   // compilers may outlive a killed go command, and keep the pipe open
	err = build.Run()
	progress.Done()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("there is no go command to build the bot: %w", err)
	case err != nil:
		return &cli.Error{Err: fmt.Errorf("build the bot in %s: %w", pkg, err), Code: cli.ExitFailed}
	case isArchive(binary):
		return cli.Usagef("dev: %s is not package main: name the folder of the bot's program", pkg)
	}
	bot := exec.Command(binary, args...) //nolint:noctx // Run ends it
	bot.Env = append(os.Environ(), "COGBUS_DEV=1")
	bot.Stdin, bot.Stdout, bot.Stderr = env.Stdin, env.Out.Writer(), env.Errs // the streams themselves: they may be a terminal
	err = subprocess.Run(ctx, bot, signals)
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil && (err == nil || ended || errors.Is(err, exec.ErrWaitDelay)):
		return nil // the user has ended the bot
	case ended && exit.ExitCode() > 0: // the bot has printed the reason
		return &cli.Error{Err: fmt.Errorf("the bot ended: %w", err), Code: exit.ExitCode()}
	case err != nil:
		return fmt.Errorf("run the bot: %w", err)
	}
	return nil
}

// isArchive reports whether go build has written an archive, as it does for a package
// that is not main. The system would refuse to run it with "permission denied".
func isArchive(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	const magic = "!<arch>\n"
	head := make([]byte, len(magic))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == magic
}
