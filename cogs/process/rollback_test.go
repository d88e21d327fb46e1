//go:build unix

package process_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/cogs/process/testdata/stats"
	"github.com/cogbus/cogbus/wire"
)

// TestRollback goes back through the builds, also after a crash, and forward again.
func TestRollback(t *testing.T) {
	dir, cache := sources(t), t.TempDir()
	srv, bot := cogtest.Start(t, process.Cog("stats", dir, &process.Options{Cache: cache}))
	version := func(want string) {
		t.Helper()
		if got, err := client.Call(t.Context(), bot, statsVersion, wire.Empty{}); got != want || err != nil {
			t.Errorf("Call(version) = %q, %v; want %q", got, err, want)
		}
	}
	back := &actors.ReloadOptions{Rollback: true}
	builds := map[string]string{"one": srv.Cogs()[0].Revision}
	for _, text := range []string{"two", "three"} {
		edit(t, dir, `"one"`, `"`+text+`"`)
		got, err := srv.Reload(t.Context(), "stats", nil)
		if err != nil || len(got.Revision) != 8 || got.Built == 0 {
			t.Fatalf("Reload = %+v, %v; want a build that took time", got, err)
		}
		builds[text] = got.Revision
		version(text)
	}
	for _, text := range []string{"two", "one"} {
		got, err := srv.Reload(t.Context(), "stats", back)
		if err != nil || got.Revision != builds[text] || got.Built != 0 {
			t.Fatalf("Reload with Rollback = %+v, %v; want the build %s that was there", got, err, builds[text])
		}
		version(text)
	}
	_, err := srv.Reload(t.Context(), "stats", back)
	if want := "the cache has no build from before " + builds["one"]; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Reload with Rollback of the first build = %v; want %q", err, want)
	}

	pid := childPID(t)
	_ = syscall.Kill(pid, syscall.SIGKILL)
	until(t, func() bool {
		_, err := client.Call(t.Context(), bot, statsVersion, wire.Empty{})
		return err == nil && childPID(t) != pid
	})
	version("one")

	if got, err := srv.Reload(t.Context(), "stats", nil); err != nil || got.Revision != builds["three"] {
		t.Errorf("Reload = %+v, %v; want the build %s of the source", got, err, builds["three"])
	}
	version("three")
	if got, err := srv.Reload(t.Context(), "stats", back); err != nil || got.Revision != builds["one"] {
		t.Errorf("Reload with Rollback = %+v, %v; want %s, which served before", got, err, builds["one"])
	}
}

// TestRollback_overStarts goes back to a build of an earlier run of the bot.
func TestRollback_overStarts(t *testing.T) {
	dir, opts := sources(t), &process.Options{Cache: t.TempDir()}
	srv, _ := cogtest.Start(t, process.Cog("stats", dir, opts))
	first := srv.Cogs()[0].Revision
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, `"one"`, `"two"`)
	srv, _ = cogtest.Start(t, process.Cog("stats", dir, opts))
	got, err := srv.Reload(t.Context(), "stats", &actors.ReloadOptions{Rollback: true})
	if err != nil || got.Revision != first {
		t.Errorf("Reload with Rollback = %+v, %v; want the build %s", got, err, first)
	}
}

// TestRollback_withoutABuild checks that the errors tell the reason.
func TestRollback_withoutABuild(t *testing.T) {
	source := process.Cog("stats", "testdata/stats", &process.Options{Cache: t.TempDir()})
	srv, _ := cogtest.Start(t, source, inProcess(t, "any", nil))
	back := &actors.ReloadOptions{Rollback: true}
	for name, want := range map[string]string{"stats": "no build from before", "any": "there is no build to go back to"} {
		if _, err := srv.Reload(t.Context(), name, back); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Reload of %s with Rollback = %v; want %q", name, err, want)
		}
	}
	if _, err := srv.Replace(t.Context(), stats.Cog(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Reload(t.Context(), "stats", back); err == nil || !strings.Contains(err.Error(), "not built from source") {
		t.Errorf("Reload of a cog that is compiled in, with Rollback = %v; want the reason", err)
	}
}
