package discord_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
)

func TestEventsOfAGuildComeInOrder(t *testing.T) {
	var events seen
	cog := listening("welcome", func(_ context.Context, e *discordgo.GuildMemberAdd) error {
		if strings.HasSuffix(e.User.Username, "slow") {
			time.Sleep(time.Second)
		}
		events.add(e.User.Username)
		return nil
	})
	bubble(t, &discordtest.Options{Guilds: 2}, []cogs.Cog{cog}, func(t *testing.T, w *world) {
		w.join(0, "a slow")
		for i := range 5 {
			w.join(0, fmt.Sprintf("a%d", i))
			w.join(1, fmt.Sprintf("b%d", i))
		}
		if diff := cmp.Diff([]string{"b0", "b1", "b2", "b3", "b4"}, events.all()); diff != "" {
			t.Errorf("while guild a is busy (-want +got):\n%s", diff)
		}
		time.Sleep(2 * time.Second)
		want := []string{"b0", "b1", "b2", "b3", "b4", "a slow", "a0", "a1", "a2", "a3", "a4"}
		if diff := cmp.Diff(want, events.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestListenersOwnTheirEvents(t *testing.T) {
	var events seen
	cog := cogs.Cog{Name: "greedy", Setup: func(_ context.Context, r *cogs.Registrar) error {
		for range 2 {
			discord.On(r, func(_ context.Context, e *discordgo.GuildMemberAdd) error {
				events.add(e.User.Username)
				*e.User = discordgo.User{Username: "changed"}
				return nil
			})
		}
		return nil
	}}
	bubble(t, &discordtest.Options{}, []cogs.Cog{cog}, func(t *testing.T, w *world) {
		id := w.join(0, "ada")
		if diff := cmp.Diff([]string{"ada", "ada"}, events.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if m, err := w.session.State.Member(w.guilds[0], id); err != nil || m.User.Username != "ada" {
			t.Errorf("State.Member(ada) = %+v, %v; want it unchanged", m, err)
		}
	})
}

func TestListenersEndWithTheirCog(t *testing.T) {
	var events seen
	cog := listening("welcome", func(_ context.Context, e *discordgo.GuildMemberAdd) error {
		events.add(e.User.Username)
		return nil
	})
	bubble(t, &discordtest.Options{}, []cogs.Cog{cog}, func(t *testing.T, w *world) {
		w.join(0, "ada")
		events.all()
		if err := w.srv.Unload(t.Context(), "welcome"); err != nil {
			t.Fatal(err)
		}
		w.join(0, "brian")
		events.all()
		if err := w.srv.Load(t.Context(), discord.With(w.session, cog)...); err != nil {
			t.Fatal(err)
		}
		w.join(0, "chioma")
		if diff := cmp.Diff([]string{"ada", "chioma"}, events.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestAFailingListenerFailsAlone(t *testing.T) {
	var events seen
	list := []cogs.Cog{
		listening("panics", func(context.Context, *discordgo.GuildMemberAdd) error { panic("on purpose") }),
		listening("fails", func(context.Context, *discordgo.GuildMemberAdd) error { return errors.New("on purpose") }),
		listening("works", func(_ context.Context, e *discordgo.GuildMemberAdd) error {
			events.add(e.User.Username)
			return nil
		}),
	}
	bubble(t, &discordtest.Options{}, list, func(t *testing.T, w *world) {
		w.join(0, "ada")
		w.join(0, "brian")
		if diff := cmp.Diff([]string{"ada", "brian"}, events.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for _, cog := range w.srv.Cogs() {
			if cog.State != "serving" {
				t.Errorf("cog %s is %s; want serving", cog.Name, cog.State)
			}
		}
		if got := w.srv.Cogs()[0].Panics; got != 2 {
			t.Errorf("Panics of the first cog = %d; want 2", got)
		}
	})
}

func TestSyntheticEvents(t *testing.T) {
	var events seen
	cog := cogs.Cog{Name: "log", Setup: func(_ context.Context, r *cogs.Registrar) error {
		discord.On(r, func(context.Context, *discordgo.Connect) error {
			events.add("connect")
			return nil
		})
		discord.On(r, func(_ context.Context, e *discordgo.RateLimit) error {
			events.add(fmt.Sprint("limit ", e.RetryAfter, strings.Contains(e.URL, "/users/@me")))
			return nil
		})
		discord.On(r, func(_ context.Context, e *discordgo.Event) error {
			if e.Type == "TYPING_START" {
				events.add(string(e.RawData))
			}
			return nil
		})
		return nil
	}}
	bubble(t, &discordtest.Options{}, []cogs.Cog{cog}, func(t *testing.T, w *world) {
		w.fake.RateLimit(1, 250*time.Millisecond)
		if _, err := w.session.User("@me"); err != nil {
			t.Fatal(err)
		}
		if err := w.fake.Dispatch("TYPING_START", map[string]string{"user_id": "1"}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"connect", "limit 250ms true", `{"user_id":"1"}`}, events.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestAChangedFieldDoesNotSilenceAListener(t *testing.T) {
	var events seen
	cog := cogs.Cog{Name: "typing", Setup: func(_ context.Context, r *cogs.Registrar) error {
		discord.On(r, func(_ context.Context, e *discordgo.TypingStart) error {
			events.add(e.UserID)
			return nil
		})
		return nil
	}}
	bubble(t, &discordtest.Options{}, []cogs.Cog{cog}, func(t *testing.T, w *world) {
		if err := w.fake.Dispatch("TYPING_START", map[string]any{"user_id": "1", "timestamp": "now"}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1"}, events.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestWrongUseFailsTheSetup(t *testing.T) {
	session, err := discordgo.New("Bot x")
	if err != nil {
		t.Fatal(err)
	}
	noEvent := cogs.Cog{Name: "odd", Setup: func(_ context.Context, r *cogs.Registrar) error {
		discord.On(r, func(context.Context, *time.Time) error { return nil })
		return nil
	}}
	from := cogs.Cog{Name: "viewer", Setup: func(_ context.Context, r *cogs.Registrar) error {
		discord.From(r)
		return nil
	}}
	for _, test := range []struct {
		name string
		cog  cogs.Cog
		want string
	}{
		{"no host", listening("lonely", func(context.Context, *discordgo.GuildMemberAdd) error { return nil }), `discord.On: cog "lonely" has no Discord session: load it by discord.With(session, cog); in a test, take the session from discordtest.New(nil).Session()`},
		{"no host for a view", from, `discord.From: cog "viewer" has no Discord session: load it by discord.With(session, cog); in a test`},
		{"no event", discord.With(session, noEvent)[0], `discord.On: cog "odd": *time.Time points to no event of discordgo`},
		{"no listener", discord.With(session, listening("empty", nil))[0], `discord.On: cog "empty": the listener for GUILD_MEMBER_ADD is nil`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := actors.NewServer(&actors.Options{Logger: slog.New(slog.DiscardHandler)})
				defer srv.Close()
				if err := srv.Load(t.Context(), test.cog); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("Load() = %v; want an error with %q", err, test.want)
				}
			})
		})
	}
}

func TestWithAfterOpenPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := discordtest.New(nil)
		defer fake.Close()
		session, err := fake.Session()
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Open(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		defer session.Close()
		defer func() {
			if v := recover(); v == nil {
				t.Errorf("With(open session) returned; want a panic")
			}
		}()
		discord.With(session)
	})
}
