// Command demo runs the example bot and its dashboard as two processes, with
// secrets made for this run, until it is interrupted:
//
//	go run ./examples/demo
//
// If COGBUS_SECRET or COGBUS_ADMIN_SECRET is set, the demo uses that secret. The bot also
// uses DISCORD_TOKEN, if that is set.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/cogbus/cogbus/internal/subprocess"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), subprocess.Signals()...)
	defer stop()
	var c config
	flag.StringVar(&c.addr, "addr", fromEnv("COGBUS_ADDR", "localhost:8765"), "address of the bot, or $COGBUS_ADDR")
	flag.StringVar(&c.discovery, "discovery", fromEnv("COGBUS_DISCOVERY", "localhost:20000"), "address at which clients of the Python package ask for the bot's port, or $COGBUS_DISCOVERY")
	flag.StringVar(&c.page, "dashboard", fromEnv("COGBUS_DASHBOARD", "127.0.0.1:8080"), "address of the dashboard, or $COGBUS_DASHBOARD")
	flag.StringVar(&c.data, "data", "examples/data", "folder of the bot's database")
	flag.Parse()
	if err := run(ctx, c); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

type config struct{ addr, discovery, page, data string }

func fromEnv(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// run builds both programs, and runs them until ctx is done or one of them ends. Then it
// ends both.
func run(ctx context.Context, c config) error {
	signals := map[string]chan os.Signal{"bot": make(chan os.Signal, 8), "dashboard": make(chan os.Signal, 8)} // room for several signals
	for _, ch := range signals {
		signal.Notify(ch, subprocess.Signals()...)
		defer signal.Stop(ch)
	}
	bin, err := os.MkdirTemp("", "cogbus-demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	if err := vacant(ctx, map[string]string{"-addr": c.addr, "-discovery": c.discovery, "-dashboard": c.page}); err != nil {
		return err
	}
	fmt.Println("building the bot and the dashboard ...")
	const examples = "github.com/cogbus/cogbus/examples/"
	build := exec.CommandContext(ctx, "go", "build", "-o", bin+string(filepath.Separator), examples+"bot", examples+"dashboard")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := build.Run(); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	secrets := []secret{newSecret("COGBUS_SECRET"), newSecret("COGBUS_ADMIN_SECRET")}
	env := os.Environ()
	for _, s := range secrets {
		env = append(env, s.name+"="+s.value)
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 2)
	start := func(name string, args ...string) {
		cmd := exec.Command(filepath.Join(bin, name+suffix()), args...) //nolint:noctx // subprocess.Run ends it
		cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdout, os.Stderr, env
		go func() { ended <- outcome(ctx, name, subprocess.Run(ctx, cmd, signals[name])) }() // ends with the program; run waits for it
	}
	start("bot", "-addr", c.addr, "-discovery", c.discovery, "-data", c.data)
	start("dashboard", "-addr", c.page, "-bot", "ws://"+c.addr)
	var ready sync.WaitGroup
	ready.Go(func() {
		if guild, ok := areReady(ctx, c, secrets[0].value); ok {
			fmt.Print(banner(c, secrets, guild))
		}
	})
	err = <-ended
	cancel()
	ready.Wait()
	return errors.Join(err, <-ended)
}

// outcome returns an error if a program has not ended as it should.
func outcome(ctx context.Context, name string, err error) error {
	if ctx.Err() == nil {
		return fmt.Errorf("the %s ended by itself: %w", name, cmp.Or(err, errors.New("without an error")))
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if err == nil || errors.Is(err, exec.ErrWaitDelay) || ok && !exit.Exited() {
		return nil // the signal of subprocess.Run has ended it
	}
	return fmt.Errorf("the %s: %w", name, err)
}

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
