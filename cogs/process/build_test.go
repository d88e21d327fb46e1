//go:build unix

package process_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/cogs/process/testdata/stats"
	"github.com/cogbus/cogbus/wire"
)

const (
	statsNext    wire.Route[wire.Empty, int]    = "stats.next"
	statsVersion wire.Route[wire.Empty, string] = "stats.version"
)

// sources returns a folder with the stats cog inside this module, for a test that edits it.
func sources(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("testdata", "edited")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	edit(t, dir, "", "")
	return dir
}

// edit writes the stats cog into dir, with the first old replaced by with.
func edit(t testing.TB, dir, old, with string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "stats", "stats.go"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "stats.go"), []byte(strings.Replace(string(text), old, with, 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestBuild edits a cog while it serves.
func TestBuild(t *testing.T) {
	dir := sources(t)
	cache := t.TempDir()
	srv, bot := cogtest.Start(t, process.Cog("stats", dir, &process.Options{Cache: cache}))
	version := func(want string) {
		t.Helper()
		if got, err := client.Call(t.Context(), bot, statsVersion, wire.Empty{}); got != want || err != nil {
			t.Errorf("Call(version) = %q, %v; want %q", got, err, want)
		}
	}
	version("one")

	edit(t, dir, `"one"`, `"two"`)
	if _, err := srv.Reload(t.Context(), "stats", nil); err != nil {
		t.Fatalf("Reload = %v", err)
	}
	version("two")

	edit(t, dir, `"one"`, `two`)
	_, err := srv.Reload(t.Context(), "stats", nil)
	if want := filepath.Join(dir, "stats.go") + ":23:17: undefined: two"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Reload of source that does not compile = %v; want %q", err, want)
	}
	version("two")

	// a crash must not make the bot build source that does not compile
	pid := childPID(t)
	_ = syscall.Kill(pid, syscall.SIGKILL)
	until(t, func() bool {
		got, err := client.Call(t.Context(), bot, statsVersion, wire.Empty{})
		if err != nil && wire.CodeOf(err) != wire.Unavailable && wire.CodeOf(err) != wire.Interrupted {
			t.Errorf("a call meanwhile = %v", err)
		}
		return got == "two" && childPID(t) != pid
	})

	for i := range 4 {
		edit(t, dir, `"one"`, `"`+strings.Repeat("x", i+1)+`"`)
		if _, err := srv.Reload(t.Context(), "stats", nil); err != nil {
			t.Fatalf("Reload = %v", err)
		}
	}
	version("xxxx")
	kept, _ := filepath.Glob(filepath.Join(cache, "*", "[^.]*"))
	if len(kept) != 5 {
		t.Errorf("the cache holds %v; want 5 artefacts", kept)
	}
}

// TestBuild_ofWhatCannotBeBuilt checks that the errors name the reason.
func TestBuild_ofWhatCannotBeBuilt(t *testing.T) {
	without := sources(t)
	edit(t, without, "func Cog()", "func Other()")
	program := sources(t)
	edit(t, program, "package stats", "package main\n\nfunc main() {}")
	srv, _ := cogtest.Start(t)
	for dir, want := range map[string]string{
		without:        "exports no func Cog() cogs.Cog",
		program:        "package main",
		"testdata/nil": "no such file",
	} {
		err := srv.Load(t.Context(), process.Cog("stats", dir, &process.Options{Cache: t.TempDir()}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load of %s = %v; want %q", dir, err, want)
		}
	}
	t.Setenv("PATH", "")
	err := srv.Load(t.Context(), process.Cog("stats", without, &process.Options{Cache: t.TempDir()}))
	if err == nil || !strings.Contains(err.Error(), "process.Options.Binary") {
		t.Errorf("Load without a go command = %v; want the option that helps named", err)
	}
}

// TestReplace_overKindsAndLanguages replaces a compiled-in cog by a process, by a process
// in another language, and by the compiled-in one again. The counter of the cog goes on.
func TestReplace_overKindsAndLanguages(t *testing.T) {
	srv, bot := cogtest.Start(t, stats.Cog())
	want := 1
	for _, cog := range []struct {
		name string
		load func() error
	}{
		{"Go process", func() error {
			_, err := srv.Replace(t.Context(), process.Cog("stats", "testdata/stats", &process.Options{Cache: t.TempDir()}), nil)
			return err
		}},
		{"Python process", func() error {
			_, err := srv.Replace(t.Context(), process.Cog("stats", "", &process.Options{Binary: python(t), Args: []string{pythonCog}}), nil)
			return err
		}},
		{"compiled in", func() error {
			_, err := srv.Replace(t.Context(), stats.Cog(), nil)
			return err
		}},
		{"", nil},
	} {
		got, err := client.Call(t.Context(), bot, statsNext, wire.Empty{})
		if got != want || err != nil {
			t.Fatalf("Call(next) = %d, %v; want %d", got, err, want)
		}
		want++
		if cog.load == nil {
			break
		}
		if err := cog.load(); err != nil {
			t.Fatalf("Replace by a %s: %v", cog.name, err)
		}
	}
}

// TestBuild_intoAnOpenFolder uses a cache that every user can write to.
func TestBuild_intoAnOpenFolder(t *testing.T) {
	cache := t.TempDir()
	if err := os.Chmod(cache, 0o777); err != nil { //nolint:gosec // the test needs the unsafe mode
		t.Fatal(err)
	}
	srv, _ := cogtest.Start(t)
	err := srv.Load(t.Context(), process.Cog("stats", "testdata/stats", &process.Options{Cache: cache}))
	if err == nil || !strings.Contains(err.Error(), "other users can write to it") {
		t.Errorf("Load = %v; want a refusal", err)
	}
}

// TestEnv_secrets has secrets in the bot's environment. A cog gets only those that its
// options name.
func TestEnv_secrets(t *testing.T) {
	for _, name := range []string{"DISCORD_TOKEN", "COGBUS_SECRET", "COGBUS_ADMIN_SECRET", "HARMLESS"} {
		t.Setenv(name, "of the bot")
	}
	_, bot := cogtest.Start(t, inProcess(t, "any", withEnv("COGBUS_SECRET=of the cog")))
	for name, want := range map[string]string{"DISCORD_TOKEN": "", "COGBUS_SECRET": "of the cog", "COGBUS_ADMIN_SECRET": "", "HARMLESS": "of the bot"} {
		if got, err := client.Call(t.Context(), bot, getenv, name); got != want || err != nil {
			t.Errorf("Call(getenv) of %s = %q, %v; want %q", name, got, err, want)
		}
	}
}
