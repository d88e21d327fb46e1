package cogs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

type score struct {
	Guild wire.Snowflake `json:"guild"`
	Since time.Time      `json:"since"`
	Names map[string]int `json:"names"`
	Next  *score         `json:"next,omitempty"`
}

func TestKeep_roundTrip(t *testing.T) {
	first := score{Guild: 1<<60 + 1, Since: time.Unix(1, 0).UTC(), Names: map[string]int{"a": 1}, Next: &score{Guild: 2}}
	n, list := 7, []string{"x"}
	old, err := open(t, func(r *cogs.Registrar) {
		cogs.Keep(r, "score", &first)
		cogs.Keep(r, "n", &n)
		cogs.Keep(r, "list", &list)
	})
	if err != nil {
		t.Fatal(err)
	}
	state, err := old.Save(t.Context())
	if err != nil {
		t.Fatalf("Save failed: %v", err)
	}
	if diff := cmp.Diff([]string{"list", "n", "score"}, slices.Sorted(maps.Keys(state))); diff != "" {
		t.Errorf("the names of the kept values differ (-want +got):\n%s", diff)
	}
	// the next version keeps one value less and one more
	var second score
	extra, m := "default", 0
	young, err := open(t, func(r *cogs.Registrar) {
		cogs.Keep(r, "score", &second)
		cogs.Keep(r, "extra", &extra)
		cogs.Keep(r, "n", &m)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := young.Restore(t.Context(), state); err != nil {
		t.Fatalf("Restore failed: %v", err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the kept value differs (-want +got):\n%s", diff)
	}
	if extra != "default" || m != 7 {
		t.Errorf("extra, n = %q, %d; want default, 7", extra, m)
	}
}

func TestKeep_refusesWhatJSONLoses(t *testing.T) {
	type hidden struct {
		Shown  int
		secret int //nolint:unused // Keep refuses the type because of this field
	}
	for want, keep := range map[string]func(*cogs.Registrar){
		"field secret":            func(r *cogs.Registrar) { cogs.Keep(r, "v", new(hidden)) },
		"values of type chan int": func(r *cogs.Registrar) { cogs.Keep(r, "v", new(map[string]chan int)) },
		"values of type func()":   func(r *cogs.Registrar) { cogs.Keep(r, "v", new([]func())) },
		"interface":               func(r *cogs.Registrar) { cogs.Keep(r, "v", new(any)) },
		"twice":                   func(r *cogs.Registrar) { cogs.Keep(r, "v", new(int)); cogs.Keep(r, "v", new(int)) },
		"without a name":          func(r *cogs.Registrar) { cogs.Keep(r, "", new(int)) },
	} {
		_, err := open(t, keep)
		var p *cogs.Panic
		if !errors.As(err, &p) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"c"`) {
			t.Errorf("Open = %v; want a panic about %q that names the cog", err, want)
		}
	}
}

func TestKeepFunc_failures(t *testing.T) {
	ok := func() ([]byte, error) { return []byte(`1`), nil }
	fine := func([]byte) error { return nil }
	for want, keep := range map[string]struct {
		save    func() ([]byte, error)
		restore func([]byte) error
	}{
		`save "v": disk full`:        {save: func() ([]byte, error) { return nil, errors.New("disk full") }, restore: fine},
		`save "v": panic: nil map`:   {save: func() ([]byte, error) { panic("nil map") }, restore: fine},
		`save "v": not JSON`:         {save: func() ([]byte, error) { return []byte("{"), nil }, restore: fine},
		`restore "v": too old`:       {save: ok, restore: func([]byte) error { return errors.New("too old") }},
		`restore "v": panic: no way`: {save: ok, restore: func([]byte) error { panic("no way") }},
	} {
		i, err := open(t, func(r *cogs.Registrar) { r.KeepFunc("v", keep.save, keep.restore) })
		if err != nil {
			t.Fatal(err)
		}
		state, err := i.Save(t.Context())
		if err == nil {
			err = i.Restore(t.Context(), state)
		}
		if err == nil || err.Error() != want {
			t.Errorf("Save and Restore = %v; want %s", err, want)
		}
	}
}

func TestState_isJSON(t *testing.T) {
	n := 3
	i, err := open(t, func(r *cogs.Registrar) { cogs.Keep(r, "n", &n) })
	if err != nil {
		t.Fatal(err)
	}
	state, err := i.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(state)
	if got, want := fmt.Sprintf("%s %v", text, err), `{"n":3} <nil>`; got != want {
		t.Errorf("Marshal(state) = %s; want %s", got, want)
	}
}
