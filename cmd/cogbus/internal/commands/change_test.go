package commands

import (
	"testing"

	"github.com/cogbus/cogbus/wire/admin"
)

func TestChanged(t *testing.T) {
	for want, d := range map[string]admin.SwitchResult{
		"stats: gen 7 → 8 (3fe0a1b2), built 0.33 s, paused 0.4 ms, 3 calls held, 0 lost": {
			Cog: "stats", From: 7, To: 8, Took: 342.3, Paused: 0.41, Held: 3, Revision: "3fe0a1b2", Built: 334.2,
		},
		"stats: gen 8 → 9 (0a1b23fe), paused 0 ms, 1 call held, 2 lost": {Cog: "stats", From: 8, To: 9, Held: 1, Lost: 2, Revision: "0a1b23fe"},
		"members: gen 7 → 8, paused 0 ms, 0 calls held, 0 lost":         {Cog: "members", From: 7, To: 8, Took: 2.01},
		"members: gen 9 loaded, took 0.1 ms":                            {Cog: "members", To: 9, Took: 0.05},
		"stats: gen 9 loaded (3fe0a1b2), built 1.20 s, took 1204 ms":    {Cog: "stats", To: 9, Took: 1204.2, Revision: "3fe0a1b2", Built: 1200},
		"members: gen 9 unloaded, took 5000 ms":                         {Cog: "members", From: 9, Took: 5000.4},
	} {
		if got := changed(d, "load"); got != want {
			t.Errorf("changed(%+v) = %q; want %q", d, got, want)
		}
	}
	revived := admin.SwitchResult{Cog: "stats", To: 10, Took: 1204.2, Revision: "3fe0a1b2", Built: 1200}
	const want = "stats: was not serving, is again as gen 10 (3fe0a1b2), built 1.20 s, took 1204 ms"
	for _, by := range []string{"reload", "rollback"} {
		if got := changed(revived, by); got != want {
			t.Errorf("changed(%+v, %s) = %q; want %q", revived, by, got, want)
		}
	}
}
