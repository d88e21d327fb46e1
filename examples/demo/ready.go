package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
)

// A secret is a secret of the bot, from the environment or made for this run.
type secret struct {
	name, value string
	made        bool // made for this run
}

func newSecret(name string) secret {
	if v := os.Getenv(name); v != "" {
		return secret{name: name, value: v}
	}
	return secret{name: name, value: rand.Text(), made: true}
}

// vacant returns an error if an address is in use, and names the flag that changes it.
// Without this check the programs would fail later, and another demo would answer in their
// place.
func vacant(ctx context.Context, addrs map[string]string) error {
	var config net.ListenConfig
	for _, name := range slices.Sorted(maps.Keys(addrs)) {
		if addrs[name] == "-" {
			continue
		}
		l, err := config.Listen(ctx, "tcp", addrs[name])
		if err != nil {
			return fmt.Errorf("%w: if another demo is running, choose another address with %s", err, name)
		}
		_ = l.Close()
	}
	return nil
}

// areReady waits until the bot answers and the dashboard shows that it has reached the bot.
// It returns the id of one of the bot's guilds, 0 if there is none. If ctx ends first, ok
// is false.
func areReady(ctx context.Context, c config, key string) (guild wire.Snowflake, ok bool) {
	bot, err := client.New("ws://"+c.addr, &client.Options{Secret: key, Name: "demo", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, false
	}
	defer bot.Close()
	for {
		if guilds, err := client.Call(ctx, bot, api.ListGuilds, wire.Empty{}); err == nil {
			if status, err := read(ctx, "http://"+c.page+"/panel/status"); err == nil && strings.Contains(status, "bot is here") {
				if len(guilds) > 0 {
					guild = guilds[0].Guild
				}
				return guild, true
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return 0, false
		}
	}
}

func read(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	return string(text), err
}

// banner returns the addresses of the programs, and commands for the user to paste into a
// terminal.
func banner(c config, secrets []secret, guild wire.Snowflake) string {
	const cogbus = "go run ./cmd/cogbus "
	var lines, known []string
	for _, s := range secrets {
		if s.made {
			lines = append(lines, fmt.Sprintf("export %s=%s", s.name, s.value))
		} else {
			known = append(known, s.name)
		}
	}
	where := "in another terminal in this folder"
	if known != nil {
		where += " with the same " + strings.Join(known, " and ")
	}
	if c.addr != "localhost:8765" {
		lines = append(lines, "export COGBUS_TARGET=ws://"+c.addr)
	}
	if guild != 0 {
		lines = append(lines, fmt.Sprintf(`%scall %s '{"guild_id":"%s"}'`, cogbus, api.CountMembers, guild))
	}
	lines = append(lines, cogbus+"cogs", cogbus+"reload members")
	return fmt.Sprintf(`
  dashboard  http://%s/
  bot        ws://%s

To call the bot, %s:

  %s

Ctrl-C stops both.

`, c.page, c.addr, where, strings.Join(lines, "\n  "))
}
