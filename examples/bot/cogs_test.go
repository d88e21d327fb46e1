package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func TestMembersAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ada := w.come("ada")
		w.come("brian")
		w.leave(ada)
		want := api.Members{Guild: w.guilds[0].ID, Name: "Amber Harbor", Count: 7, Joins: 2, Leaves: 1}
		if diff := cmp.Diff(want, call(w, api.CountMembers, w.guilds[0])); diff != "" {
			t.Errorf("members.count (-want +got):\n%s", diff)
		}
		list := call(w, api.ListGuilds, wire.Empty{})
		if len(list) != 2 || list[0] != want || list[1].Count != 6 {
			t.Errorf("members.list = %+v; want the larger guild first", list)
		}
		if got, want := call(w, api.TellStats, wire.Empty{}), "2 people came, 1 went."; got != want {
			t.Errorf("stats.tell = %q; want %q", got, want)
		}
		if got := code(w, api.CountMembers, api.Guild{ID: 1}); got != wire.NotFound {
			t.Errorf("members.count of no guild = %q; want not_found", got)
		}
	})
}

func TestJoinsAreKeptOverReloads(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for range 3 {
			w.come("guest")
			call(w, admin.Reload, admin.ReloadRequest{Name: "members"})
			w.come("guest")
		}
		if got := call(w, api.CountMembers, w.guilds[0]); got.Joins != 6 || got.Count != 12 {
			t.Errorf("members.count = %+v; want 6 joins and 12 members", got)
		}
	})
}

func TestSettings(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		first, second := w.guilds[0], w.guilds[1]
		want := api.Settings{Guild: first.ID, Prefix: "?", Welcome: "hello"}
		call(w, api.SetSettings, want)
		call(w, admin.Reload, admin.ReloadRequest{Name: "settings"})
		call(w, admin.Unload, admin.CogName{Name: "settings"})
		call(w, admin.Load, admin.CogName{Name: "settings"})
		if got := call(w, api.GetSettings, first); got != want {
			t.Errorf("settings.get = %+v; want %+v", got, want)
		}
		if got := call(w, api.GetSettings, second); got.Prefix != api.DefaultPrefix {
			t.Errorf("settings.get of a guild that has chosen nothing = %+v; want the default", got)
		}
		if got := call(w, api.ListSettings, wire.Empty{}); len(got) != 1 || got[0] != want {
			t.Errorf("settings.list = %+v; want only %+v", got, want)
		}
	})
}

func TestBadSettingsAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		id := w.guilds[0].ID
		for _, test := range []struct {
			settings api.Settings
			want     wire.Code
		}{
			{api.Settings{Guild: id}, wire.BadRequest},
			{api.Settings{Guild: id, Prefix: "toolong"}, wire.BadRequest},
			{api.Settings{Guild: id, Prefix: "a b"}, wire.BadRequest},
			{api.Settings{Guild: id, Prefix: "!", Welcome: strings.Repeat("a", 201)}, wire.BadRequest},
			{api.Settings{Guild: 1, Prefix: "!"}, wire.NotFound},
			{api.Settings{Guild: id, Prefix: "ééééé"}, ""},
		} {
			if got := code(w, api.SetSettings, test.settings); got != test.want {
				t.Errorf("settings.set(%+v) = %q; want %q", test.settings, got, test.want)
			}
		}
	})
}

func TestFlakyFailsAlone(t *testing.T) {
	for mode, want := range map[string]wire.Code{
		api.Fine:  "",
		api.Error: "out_of_coffee",
		api.Panic: wire.Internal,
		api.Slow:  wire.Timeout,
	} {
		t.Run(mode, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				call(w, api.SetMode, api.Mode{Mode: mode})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := client.Call(ctx, w.bot, api.Work, wire.Empty{})
				if got := wire.CodeOf(err); got != want {
					t.Errorf("flaky.work = %v; want code %q", err, want)
				}
				call(w, api.CountMembers, w.guilds[0])
				call(w, admin.Reload, admin.ReloadRequest{Name: "flaky"})
				if got := call(w, api.Work, wire.Empty{}); got.Times != 1 {
					t.Errorf("flaky.work after a reload = %+v; want a fresh instance", got)
				}
			})
		})
	}
}

func TestFlakyRestartsAfterACrash(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		call(w, api.SetMode, api.Mode{Mode: api.Crash})
		time.Sleep(time.Second)
		call(w, api.Work, wire.Empty{})
		for _, cog := range call(w, admin.Cogs, wire.Empty{}) {
			restarts := 0
			if cog.Name == "flaky" {
				restarts = 1
			}
			if cog.Restarts != restarts || cog.State != "serving" {
				t.Errorf("cog %s is %s after %d restarts; want serving after %d", cog.Name, cog.State, cog.Restarts, restarts)
			}
		}
		if got := code(w, api.SetMode, api.Mode{Mode: "odd"}); got != wire.BadRequest {
			t.Errorf("flaky.mode(odd) = %q; want bad_request", got)
		}
	})
}
