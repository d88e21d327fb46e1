// Command bot is a bot of four cogs: members, settings, stats, which can be edited
// while the bot runs, and flaky, which fails on purpose. With DISCORD_TOKEN in the environment it is a bot on Discord (switch
// on its Server Members Intent there); without, it lives in a simulated one, in
// which people come and go all the time.
//
// Callers need COGBUS_SECRET, and COGBUS_ADMIN_SECRET to reload cogs. A first
// interrupt lets calls finish, a second one does not.
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
	flag.StringVar(&c.addr, "addr", "localhost:8765", "where to listen")
	flag.StringVar(&c.discovery, "discovery", "localhost:20000", `where to tell that port to clients of the Python package; "-": nowhere`)
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

// run is the life of the bot. It returns nil when ctx is done.
func run(ctx context.Context, c config) error {
	if c.secret == "" {
		return errors.New("COGBUS_SECRET is not set: callers prove with it that they may call")
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
		return nil // interrupted so early
	case err != nil:
		return err
	}
	if err := session.Open(); err != nil {
		return fmt.Errorf("connect to Discord: %w", err)
	}
	err = srv.Run(ctx)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: does another bot run? Choose another port with -addr", err)
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
		return nil, fmt.Errorf("%s is in use: does another bot run? Choose another folder with -data", path)
	}
	return db, err
}

// connect returns a session that is not open yet, on Discord or in the
// simulation. The caller leaves it.
func connect(token string) (session *discordgo.Session, leave func(), err error) {
	if token == "" {
		slog.Info("no DISCORD_TOKEN: this bot lives in a simulation")
		return simulate()
	}
	session, err = discordgo.New("Bot " + token)
	if err != nil {
		return nil, nil, err
	}
	session.Identify.Intents = discordgo.IntentsGuilds | discordgo.IntentsGuildMembers
	return session, func() { _ = session.Close() }, nil
}
