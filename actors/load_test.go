package actors_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

func TestLoad_triesEveryCog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t)
		var cleaned []string
		echo := func(name string) func(_ context.Context, r *cogs.Registrar) error {
			return func(_ context.Context, r *cogs.Registrar) error {
				r.Cleanup(func() { cleaned = append(cleaned, name+" first") })
				r.Cleanup(func() { cleaned = append(cleaned, name+" last") })
				cogs.Handle(r, "echo", func(context.Context, string) (string, error) { return name, nil })
				return nil
			}
		}
		err := srv.Load(t.Context(),
			cogs.Cog{Name: "bad", Setup: func(context.Context, *cogs.Registrar) error { return errors.New("no database") }},
			cogs.Cog{Name: "good", Setup: echo("good")},
			cogs.Cog{Name: "thief", Setup: echo("thief")},
			cogs.Cog{Name: "good", Setup: echo("again")},
			cogs.Cog{Name: "nameless route", Setup: func(_ context.Context, r *cogs.Registrar) error {
				cogs.Handle(r, "", func(context.Context, string) (string, error) { return "", nil })
				return nil
			}},
			cogs.Cog{Name: "last", Setup: func(context.Context, *cogs.Registrar) error { return nil }},
		)
		for _, want := range []string{"no database", `cogs "good" and "thief" both have "echo"`, "load good: cog is loaded already", "without a name"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Load = %v; want it to say %q", err, want)
			}
		}
		if !errors.Is(err, actors.ErrRouteTaken) || !errors.Is(err, actors.ErrLoaded) {
			t.Errorf("Load = %v; want ErrRouteTaken and ErrLoaded in it", err)
		}
		if want := "thief last,thief first"; strings.Join(cleaned, ",") != want {
			t.Errorf("cleanups = %v; want %s", cleaned, want)
		}
		if got := mustCall[string, string](t, bot, "echo", ""); got != "good" {
			t.Errorf("echo is served by %q; want good", got)
		}
		if list := srv.Cogs(); len(list) != 2 || list[0].Name != "good" || list[1].Name != "last" {
			t.Errorf("Cogs() = %+v; want good and last", list)
		}
		if err := srv.Unload(t.Context(), "good"); err != nil {
			t.Errorf("Unload failed: %v", err)
		}
		if _, err := bot.Request(t.Context(), "echo", ""); wire.CodeOf(err) != wire.NoRoute {
			t.Errorf("Request(echo) after Unload = %v; want %s", err, wire.NoRoute)
		}
		if err := srv.Load(t.Context(), cogs.Cog{Name: "thief", Setup: echo("thief")}); err != nil {
			t.Errorf("Load of a route that is free now failed: %v", err)
		}
	})
}

func TestUnload_order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var log []string
		say := func(s string) { mu.Lock(); defer mu.Unlock(); log = append(log, s) }
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.Cleanup(func() { say("cleanup 1") })
			r.Cleanup(func() { panic("cleanup 2") })
			r.Cleanup(func() { say("cleanup 3") })
			r.Go(func(ctx context.Context) error { <-ctx.Done(); say("task"); return nil })
			cogs.Handle(r, "slow", func(ctx context.Context, _ wire.Empty) (int, error) {
				time.Sleep(time.Second)
				say("call")
				return 1, ctx.Err()
			})
			return nil
		}})
		answered := make(chan error, 1)
		go func() {
			_, err := bot.Request(t.Context(), "slow", nil)
			answered <- err
		}()
		time.Sleep(time.Millisecond)
		if err := srv.Unload(t.Context(), "c"); err != nil {
			t.Errorf("Unload failed: %v", err)
		}
		if got, want := strings.Join(log, ","), "task,call,cleanup 3,cleanup 1"; got != want {
			t.Errorf("unload went %s; want %s", got, want)
		}
		if err := <-answered; err != nil {
			t.Errorf("the call that was running failed: %v", err)
		}
	})
}
