package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNear(t *testing.T) {
	names := []string{"members.count", "members.ban", "echo", "settings.set", "c", "q", "call", "reload", "target"}
	for name, want := range map[string][]string{
		"members.coutn": {"members.count"},
		"MEMBERS.COUNT": {"members.count"},
		"members":       {"members.count", "members.ban"},
		"count":         {"members.count"},
		"ecoh":          {"echo"},
		"c1":            {"c"},
		"cal":           {"call"},
		"clal":          {"call"},
		"relaod":        {"reload"},
		"tarte":         {"target"},
		"kill":          nil, // it differs from call in two letters of four
		"x":             nil,
		"zzzzzz":        nil,
		"":              nil,
	} {
		if got := Near(name, names); !cmp.Equal(got, want) {
			t.Errorf("Near(%q) = %q; want %q", name, got, want)
		}
	}
}
