package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

const (
	botSecret   = "the secret of the bot"
	adminSecret = "the secret of its admin"
)

// A bot is a running bot and its addresses.
type bot struct {
	srv      *actors.Server
	ws       string
	unix     string
	discover string
	slow     chan struct{} // gets a value for each call of slow that has begun
	broken   atomic.Bool   // the Setup of flaky fails
	fragile  atomic.Pointer[chan error]
}

func (b *bot) ipcx() string { return "ipcx" + strings.TrimPrefix(b.ws, "ws") }

// startBot starts a bot on real sockets. The caller ends it by stop.
func startBot(t testing.TB) (b *bot, stop func()) {
	t.Helper()
	b = &bot{slow: make(chan struct{}, 16)}
	ready := make(chan struct{})
	b.srv = actors.NewServer(&actors.Options{
		Addr:            "127.0.0.1:0",
		Discovery:       "-",
		Secret:          botSecret,
		AdminSecret:     adminSecret,
		ShutdownTimeout: time.Millisecond,
		Logger:          slog.New(slog.DiscardHandler),
		OnReady:         func(string) { close(ready) },
	})
	for _, c := range b.cogs() {
		if err := b.srv.Load(context.Background(), c); err != nil {
			t.Fatalf("Load(%s) = %v", c.Name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- b.srv.Run(ctx) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("Run() = %v", err)
	}
	dir, err := os.MkdirTemp("", "cogbus") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "bot.sock"))
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- b.srv.Serve(ctx, socket) }()
	lookup := httptest.NewServer(b.srv.Discovery())
	b.ws = "ws://" + b.srv.Addr()
	b.unix = "unix://" + socket.Addr().String()
	b.discover = "discover" + strings.TrimPrefix(lookup.URL, "http")
	return b, func() {
		cancel()
		for range cap(ended) {
			if err := <-ended; err != nil {
				t.Errorf("Run() or Serve() = %v; want nil", err)
			}
		}
		lookup.CloseClientConnections()
		lookup.Close()
		_ = os.RemoveAll(dir)
	}
}

type guild struct {
	ID wire.Snowflake `json:"guild_id"`
}

func (b *bot) cogs() []cogs.Cog {
	return []cogs.Cog{
		{Name: "members", Setup: func(_ context.Context, r *cogs.Registrar) error {
			asked := 0
			cogs.Keep(r, "asked", &asked)
			cogs.HandleWith(r, "members.count", cogs.RouteOptions[guild]{Serial: true},
				func(_ context.Context, g guild) (map[string]any, error) {
					asked++
					return map[string]any{"guild": g.ID, "asked": asked}, nil
				})
			cogs.HandleWith(r, "members.ban", cogs.RouteOptions[guild]{Timeout: time.Minute, Key: func(g guild) string { return g.ID.String() }},
				func(context.Context, guild) (wire.Empty, error) { return wire.Empty{}, nil })
			return nil
		}},
		cogs.Single("echo", func(_ context.Context, v json.RawMessage) (json.RawMessage, error) { return v, nil }),
		cogs.Single("fail", func(_ context.Context, e wire.Error) (wire.Empty, error) { return wire.Empty{}, &e }),
		cogs.Single("oops", func(context.Context, wire.Empty) (wire.Empty, error) {
			return wire.Empty{}, errors.New("nobody's business")
		}),
		cogs.Single("panics", func(context.Context, wire.Empty) (wire.Empty, error) { panic("nobody's business") }),
		cogs.Single("slow", func(ctx context.Context, _ wire.Empty) (wire.Empty, error) {
			b.slow <- struct{}{}
			<-ctx.Done()
			return wire.Empty{}, ctx.Err()
		}),
		{Name: "brief", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.HandleWith(r, "brief", cogs.RouteOptions[wire.Empty]{Timeout: 50 * time.Millisecond},
				func(ctx context.Context, _ wire.Empty) (wire.Empty, error) {
					<-ctx.Done()
					return wire.Empty{}, ctx.Err()
				})
			return nil
		}},
		{Name: "stats", Setup: func(_ context.Context, r *cogs.Registrar) error {
			if r.Reason() == cogs.Rollback {
				(*instance.Recorder)(r).Revision("0a1b23fe", 0)
			} else {
				(*instance.Recorder)(r).Revision("3fe0a1b2", 330*time.Millisecond)
			}
			if b.broken.Load() {
				return errors.New("stats/stats.go:41:2: undefined: guld\nstats/stats.go:42:2: undefined: mmbr")
			}
			return nil
		}},
		{Name: "flaky", Setup: func(_ context.Context, r *cogs.Registrar) error {
			if b.broken.Load() {
				return errors.New("the database is away")
			}
			ends := make(chan error)
			b.fragile.Store(&ends)
			cogs.Handle(r, "flaky.hello", func(context.Context, wire.Empty) (string, error) { return "hello", nil })
			r.Go(func(ctx context.Context) error {
				select {
				case err := <-ends:
					return err
				case <-ctx.Done():
					return nil
				}
			})
			return nil
		}},
	}
}
