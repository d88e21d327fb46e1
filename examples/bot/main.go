// Command bot is a bot with four cogs: members, settings, stats and flaky. You can edit
// stats while the bot runs; flaky fails on purpose.
//
// If DISCORD_TOKEN is set, the bot connects to Discord; switch on its Server Members
// Intent there. Otherwise it runs on a simulated Discord, where people join and leave
// guilds all the time.
//
// The bot needs COGBUS_SECRET, and so do its callers. Callers that reload cogs need
// COGBUS_ADMIN_SECRET. The first interrupt lets running calls finish; the second ends
// the bot at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/bwmarrin/discordgo"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/examples/bot/flaky"
	"github.com/cogbus/cogbus/examples/bot/members"
	"github.com/cogbus/cogbus/examples/bot/settings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	c := config{
		token:       os.Getenv("DISCORD_TOKEN"),
		secret:      os.Getenv("COGBUS_SECRET"),
		adminSecret: os.Getenv("COGBUS_ADMIN_SECRET"),
	}
	flag.StringVar(&c.addr, "addr", "localhost:8765", "address to listen on")
	flag.StringVar(&c.discovery, "discovery", "localhost:20000", `address at which clients of the Python package ask for the bot's port; "-": none`)
	flag.StringVar(&c.data, "data", "examples/data", "folder of the database")
	flag.Parse()
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "bot:", err)
		os.Exit(1)
	}
}

type config struct {
	addr, discovery, data      string
	token, secret, adminSecret string
	ready                      func(addr string) // may be nil
}

// run runs the bot until ctx is done, and then returns nil.
func run(ctx context.Context, c config) error {
	if c.secret == "" {
		return errors.New("COGBUS_SECRET is not set; callers must know it")
	}
	db, err := openDatabase(c.data)
	if err != nil {
		return err
	}
	defer db.Close()
	session, leave, err := connect(c.token)
	if err != nil {
		return err
	}
	defer leave()

	srv := actors.NewServer(&actors.Options{
		Addr:        c.addr,
		Discovery:   c.discovery,
		Secret:      c.secret,
		AdminSecret: c.adminSecret,
		OnReady:     c.ready,
	})
	defer srv.Close()
	err = srv.Load(ctx, discord.With(session, members.Cog(), settings.Cog(db), statsCog(), flaky.Cog())...)
	switch {
	case ctx.Err() != nil:
		return nil // interrupted while the cogs were loading
	case err != nil:
		return err
	}
	if err := session.Open(); err != nil {
		return fmt.Errorf("connect to Discord: %w", err)
	}
	err = srv.Run(ctx)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: if another bot is running, choose another port with -addr", err)
	}
	return err
}

func openDatabase(folder string) (*bbolt.DB, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "settings.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s is in use: if another bot is running, choose another folder with -data", path)
	}
	return db, err
}

// connect returns a session on Discord or in the simulation, which is not open yet. The
// caller calls leave.
func connect(token string) (session *discordgo.Session, leave func(), err error) {
	if token == "" {
		slog.Info("DISCORD_TOKEN is not set: the bot runs on a simulated Discord")
		return simulate()
	}
	session, err = discordgo.New("Bot " + token)
	if err != nil {
		return nil, nil, err
	}
	session.Identify.Intents = discordgo.IntentsGuilds | discordgo.IntentsGuildMembers
	return session, func() { _ = session.Close() }, nil
}
