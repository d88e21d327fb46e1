//go:build unix

package process_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/wire"
)

// A watched is a watched cog with sources that a test edits.
type watched struct {
	t    *testing.T
	dir  string // the folder of the sources
	kept string // the folder of the artefacts
	srv  *actors.Server
	bot  *client.Client
	said chan string // the lines of the log, each with its error
}

// watch starts the stats cog from a folder of its own, and waits for the watcher.
func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{t: t, dir: sources(t), kept: t.TempDir(), said: make(chan string, 1000)}
	cog := process.Cog("stats", w.dir, &process.Options{Cache: w.kept, Watch: true, Logger: slog.New(spoken{w.said})})
	w.srv, w.bot = cogtest.Start(t, cog)
	w.hears("sources have not changed") // the first comparison found no change
	return w
}

// hears waits for a log line that contains text, and returns the line.
func (w *watched) hears(text string) string {
	w.t.Helper()
	return hears(w.t, w.said, text)
}

// serves waits until that version of the cog answers, in that generation or a later one.
func (w *watched) serves(version string, generation uint64) {
	w.t.Helper()
	until(w.t, func() bool {
		got, err := client.Call(w.t.Context(), w.bot, statsVersion, wire.Empty{})
		if err != nil {
			w.t.Fatalf("a call meanwhile = %v", err)
		}
		return got == version
	})
	until(w.t, func() bool { c := w.srv.Cogs()[0]; return c.State == "serving" && c.Generation >= generation })
	if got := w.srv.Cogs()[0].Generation; got != generation {
		w.t.Errorf("generation %d serves; want %d", got, generation)
	}
}

func (w *watched) path() string { return filepath.Join(w.dir, "stats.go") }

func (w *watched) text() string {
	w.t.Helper()
	text, err := os.ReadFile(w.path())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// must ends the test at an error.
func (w *watched) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// replace saves the source as most editors do: into another file, which it renames.
func (w *watched) replace(text string) {
	w.t.Helper()
	beside := filepath.Join(w.dir, ".stats.go.tmp")
	w.must(os.WriteFile(beside, []byte(text), 0o600))
	w.must(os.Rename(beside, w.path()))
}

// A spoken is a slog.Handler that sends the log lines to a channel.
type spoken struct{ to chan<- string }

func (spoken) Enabled(context.Context, slog.Level) bool { return true }
func (s spoken) WithAttrs([]slog.Attr) slog.Handler     { return s }
func (s spoken) WithGroup(string) slog.Handler          { return s }
func (s spoken) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "err" {
			line += ": " + a.Value.String()
		}
		return true
	})
	s.to <- line
	return nil
}

func TestWatch_renameSave(t *testing.T) {
	w := watch(t)
	w.replace(strings.Replace(w.text(), `"one"`, `"two"`, 1))
	w.serves("two", 2)
	w.replace(strings.Replace(w.text(), `"two"`, `"three"`, 1))
	w.serves("three", 3)
}

func TestWatch_touch(t *testing.T) {
	w := watch(t)
	edit(t, w.dir, "", "") // the same content again
	w.hears("sources have not changed")
	now := time.Now()
	w.must(os.Chtimes(w.path(), now, now))
	edit(t, w.dir, `"one"`, `"two"`)
	w.serves("two", 2)
}

func TestWatch_commentOnly(t *testing.T) {
	w := watch(t)
	w.must(os.WriteFile(w.path(), []byte(w.text()+"\n// A comment more.\n"), 0o600))
	w.hears("the artefact has not changed")
	w.serves("one", 1)
}

func TestWatch_testsAndOtherFiles(t *testing.T) {
	w := watch(t)
	for _, name := range []string{"stats_test.go", ".hidden.go", "README.md", "stats.go~", "4913"} {
		w.must(os.WriteFile(filepath.Join(w.dir, name), []byte("package nothing, in no language"), 0o600))
	}
	edit(t, w.dir, "", "")
	w.hears("sources have not changed")
	w.serves("one", 1)
}

// TestWatch_twoPieces writes the first half of a file, which does not compile, and later
// the rest.
func TestWatch_twoPieces(t *testing.T) {
	w := watch(t)
	text := strings.Replace(w.text(), `"one"`, `"two"`, 1)
	half := len(text) / 2
	f, err := os.Create(w.path())
	w.must(err)
	defer f.Close()
	for _, piece := range []string{text[:half], text[half:]} { // the second half follows at once
		_, err = f.WriteString(piece)
		w.must(err)
	}
	w.serves("two", 2)

	text = strings.Replace(w.text(), `"two"`, `"three"`, 1)
	w.must(os.WriteFile(w.path(), []byte(text[:half]), 0o600))
	w.hears("does not build") // the rest comes after the build of the half
	w.must(os.WriteFile(w.path(), []byte(text), 0o600))
	w.serves("three", 3)
}

func TestWatch_syntaxErrorThenRestored(t *testing.T) {
	w := watch(t)
	good := w.text()
	w.replace(strings.Replace(good, `"one"`, `guld`, 1))
	if line, want := w.hears("does not build"), w.path()+":23:17: undefined: guld"; !strings.Contains(line, want) {
		t.Errorf("it was logged: %s; want %s", line, want)
	}
	w.serves("one", 1)
	w.replace(strings.Replace(good, `"one"`, `guld //`, 1)) // the same error
	w.replace(good)
	w.hears("the artefact has not changed")
	w.serves("one", 1)
	w.replace(strings.Replace(good, `"one"`, `"two"`, 1))
	w.serves("two", 2)
}

// TestWatch_saveDuringABuild saves while a build runs. The outcome of that build never
// serves.
func TestWatch_saveDuringABuild(t *testing.T) {
	w := watch(t)
	text := w.text()
	builds := func() bool { // a build runs while its temporary folder exists
		found, _ := filepath.Glob(filepath.Join(w.kept, "*", ".build-*"))
		return len(found) > 0
	}
	for _, version := range []string{"two", "three", "four"} {
		w.replace(strings.Replace(text, `"one"`, `"`+version+`"`, 1))
		until(t, builds)
	}
	w.replace(strings.Replace(text, `"one"`, `"five"`, 1))
	w.serves("five", 2)
}

func TestWatch_fileDeleted(t *testing.T) {
	w := watch(t)
	other := filepath.Join(w.dir, "other.go")
	w.must(os.WriteFile(other, []byte("package stats\n\nconst theOther = \"two\"\n"), 0o600)) // a file that did not exist before
	w.serves("one", 2)
	w.replace(strings.Replace(w.text(), `"one"`, `theOther`, 1))
	w.serves("two", 3)
	w.must(os.Remove(other))
	w.hears("undefined: theOther")
	w.serves("two", 3)
	w.must(os.WriteFile(other, []byte("package stats\n\nconst theOther = \"three\"\n"), 0o600))
	w.serves("three", 4)
}

func TestWatch_folderDeletedAndRestored(t *testing.T) {
	w := watch(t)
	text := w.text()
	w.must(os.RemoveAll(w.dir))
	w.hears("does not build")
	w.serves("one", 1)
	w.must(os.Mkdir(w.dir, 0o700))
	w.must(os.WriteFile(w.path(), []byte(strings.Replace(text, `"one"`, `"two"`, 1)), 0o600))
	w.serves("two", 2)

	away := w.dir + ".away" // rename the folder, as version control does
	w.must(os.Rename(w.dir, away))
	w.must(os.Rename(away, w.dir))
	w.replace(strings.Replace(text, `"one"`, `"three"`, 1))
	w.serves("three", 3)
}

// TestWatch_sharedPackage edits a package that the cog imports. The import is written
// before the package exists.
func TestWatch_sharedPackage(t *testing.T) {
	w := watch(t)
	const module = "github.com/cogbus/cogbus/cogs/process/"
	text := strings.Replace(w.text(), "import (", "import (\n\t\""+module+filepath.ToSlash(w.dir)+"/words\"\n", 1)
	w.replace(strings.Replace(text, `const version = "one"`, `var version = words.Version()`, 1))
	w.hears("does not build")
	words := filepath.Join(w.dir, "words")
	w.must(os.Mkdir(words, 0o700))
	w.must(os.WriteFile(filepath.Join(words, "words.go"), []byte("package words\n\nfunc Version() string { return \"two\" }\n"), 0o600))
	w.serves("two", 2)
	w.must(os.WriteFile(filepath.Join(words, "words.go"), []byte("package words\n\nfunc Version() string { return \"three\" }\n"), 0o600))
	w.serves("three", 3)
}

// TestWatch_reloadByHand requests a reload before the watcher does. The watcher then does
// not reload again.
func TestWatch_reloadByHand(t *testing.T) {
	w := watch(t)
	edit(t, w.dir, `"one"`, `"two"`)
	if _, err := w.srv.Reload(t.Context(), "stats", nil); err != nil {
		t.Fatal(err)
	}
	w.serves("two", 2)
	if _, err := w.srv.Reload(t.Context(), "stats", &actors.ReloadOptions{Rollback: true}); err != nil {
		t.Fatal(err)
	}
	w.serves("one", 3) // this version stays, although the source has another
	edit(t, w.dir, `"one"`, `"three"`)
	w.serves("three", 4)
}

// TestWatch_unloadDuringABuild checks that an unload leaves no build and no files behind.
func TestWatch_unloadDuringABuild(t *testing.T) {
	before := runtime.NumGoroutine()
	w := watch(t)
	edit(t, w.dir, `"one"`, `"two"`)
	until(t, func() bool {
		found, _ := filepath.Glob(filepath.Join(w.kept, "*", ".build-*"))
		return len(found) > 0
	})
	if err := w.srv.Unload(t.Context(), "stats"); err != nil {
		t.Fatal(err)
	}
	if found, _ := filepath.Glob(filepath.Join(w.kept, "*", ".build-*")); len(found) > 0 {
		t.Errorf("%v is left", found)
	}
	until(t, func() bool { return len(children(t)) == 0 })
	_ = w.bot.Close()
	_ = w.srv.Close()
	until(t, func() bool { return runtime.NumGoroutine() <= before })
}

// TestWatch_withoutAnInstance checks that the log tells the developer which command to run
// when no instance serves whose watcher would notice a save.
func TestWatch_withoutAnInstance(t *testing.T) {
	dir, said := sources(t), make(chan string, 1000)
	edit(t, dir, `"one"`, `one`)
	cog := process.Cog("stats", dir, &process.Options{Cache: t.TempDir(), Watch: true, Logger: slog.New(spoken{said})})
	srv, _ := cogtest.Start(t)
	if err := srv.Load(t.Context(), cog); err == nil {
		t.Fatal("Load of a package that does not compile succeeded")
	}
	hears(t, said, "load the cog again")
	edit(t, dir, "", "")
	if err := srv.Load(t.Context(), cog); err != nil {
		t.Fatal(err)
	}
	hears(t, said, "have not changed")
	_ = syscall.Kill(childPID(t), syscall.SIGKILL)
	hears(t, said, `run "cogbus reload stats"`)
}
