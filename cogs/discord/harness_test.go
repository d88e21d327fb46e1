package discord_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
	"github.com/cogbus/cogbus/wire"
)

// A world is a bot with cogs on a fake Discord.
type world struct {
	*testing.T
	fake    *discordtest.Server
	guilds  []string // ids
	session *discordgo.Session
	srv     *actors.Server
	bot     *client.Client
}

// bubble runs f in a synctest bubble in which the session is open.
func bubble(t *testing.T, opts *discordtest.Options, list []cogs.Cog, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, fake: discordtest.New(opts)}
		t.Cleanup(w.fake.Close)
		for i := range max(1, opts.Guilds) {
			w.guilds = append(w.guilds, w.fake.Guild(i).ID)
		}
		var err error
		if w.session, err = w.fake.Session(); err != nil {
			t.Fatal(err)
		}
		w.srv, w.bot = cogtest.Start(t, discord.With(w.session, list...)...)
		if err := w.session.Open(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		t.Cleanup(func() {
			synctest.Wait()
			_ = w.session.Close()
		})
		f(t, w)
	})
}

// join makes a new user a member of guild number i and returns the user's id.
func (w *world) join(i int, name string) string {
	w.Helper()
	id := w.fake.NewUser(name)
	if err := w.fake.Join(w.guilds[i], id); err != nil {
		w.Fatal(err)
	}
	return id
}

// guild returns the id of guild number i.
func (w *world) guild(i int) wire.Snowflake {
	w.Helper()
	id, err := wire.ParseSnowflake(w.guilds[i])
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// seen collects texts that listeners add.
type seen struct {
	mu   sync.Mutex
	list []string // protected by mu
}

func (s *seen) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, text)
}

// all waits until every goroutine of the bubble is idle, and returns the texts.
func (s *seen) all() []string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// listening returns a cog whose listener for joins is h.
func listening(name string, h func(context.Context, *discordgo.GuildMemberAdd) error) cogs.Cog {
	return cogs.Cog{Name: name, Setup: func(_ context.Context, r *cogs.Registrar) error {
		discord.On(r, h)
		return nil
	}}
}
