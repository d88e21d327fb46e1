package process

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cogbus/cogbus/internal/instance"
)

// A shelf is a cache in which a test stores artefacts.
type shelf struct {
	t         *testing.T
	dir       string
	artefacts *artefacts
}

func newShelf(t *testing.T, dir string) *shelf {
	t.Helper()
	return &shelf{t, dir, &artefacts{name: "stats", opts: Options{Logger: slog.New(slog.DiscardHandler)}}}
}

// store stores an artefact whose content is text.
func (s *shelf) store(text string) (path string) {
	s.t.Helper()
	built := filepath.Join(s.t.TempDir(), "cog")
	err := os.WriteFile(built, []byte(text), 0o600)
	if err == nil {
		path, err = s.artefacts.store(s.dir, built)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *shelf) serve(text string) string {
	s.t.Helper()
	path := s.store(text)
	s.artefacts.serves(path, false)
	return path
}

// back goes back to the artefact before, and returns its content.
func (s *shelf) back() string {
	s.t.Helper()
	a, err := s.artefacts.artefact(s.t.Context(), instance.Rollback)
	if err != nil {
		return err.Error()
	}
	s.artefacts.serves(a.Path, true)
	text, _ := os.ReadFile(a.Path)
	return string(text)
}

// TestCache_whatNeverServed makes more builds whose Setup fails than the cache keeps. The
// artefacts that have served stay, also for a later run of the bot.
func TestCache_whatNeverServed(t *testing.T) {
	s := newShelf(t, t.TempDir())
	for _, text := range []string{"a", "b", "c"} {
		s.serve(text)
	}
	for range 2 {
		for _, text := range []string{"fails 1", "fails 2", "fails 3", "fails 4", "fails 5"} {
			s.store(text)
		}
		if n := len(keptIn(s.dir)); n != maxArtefacts {
			t.Errorf("%d artefacts are kept; want %d", n, maxArtefacts)
		}
		s = newShelf(t, s.dir)
	}
	if got := s.back(); got != "it has not served yet, so there is no build to go back to" {
		t.Errorf("before a Setup passed, back to %q", got)
	}
	s.serve("c")
	for _, want := range []string{"b", "a"} {
		if got := s.back(); got != want {
			t.Errorf("back to %q; want %q", got, want)
		}
	}
}

// TestCache_manyServed checks that the cache keeps the last artefacts that served.
func TestCache_manyServed(t *testing.T) {
	s := newShelf(t, t.TempDir())
	var all []string
	for _, text := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		all = append(all, s.serve(text))
	}
	want := slices.Sorted(slices.Values(all[2:]))
	if got := slices.Sorted(slices.Values(keptIn(s.dir))); !slices.Equal(got, want) {
		t.Errorf("%v are kept; want %v", got, want)
	}
}

// TestCache_damaged cuts an artefact short. A restart does not use it, and a build of the
// same source replaces it.
func TestCache_damaged(t *testing.T) {
	s := newShelf(t, t.TempDir())
	path := s.serve("a")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if intact(path) {
		t.Error("a damaged artefact counts as intact")
	}
	if again := s.store("a"); again != path || !intact(path) {
		t.Errorf("after a build of the same %s is damaged still", path)
	}
}

// TestCache_abandoned checks that a build removes the folders of builds that a bot's end
// cut off.
func TestCache_abandoned(t *testing.T) {
	s := newShelf(t, t.TempDir())
	old, young := filepath.Join(s.dir, buildFolder+"1"), filepath.Join(s.dir, buildFolder+"2")
	long := time.Now().Add(-2 * abandoned)
	for _, dir := range []string{old, young} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	s.store("a")
	if there(old) || !there(young) {
		t.Errorf("the folder of a build: old is there: %t, young is there: %t; want the young one alone", there(old), there(young))
	}
}
