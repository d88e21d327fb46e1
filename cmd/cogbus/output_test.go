package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func TestIndent(t *testing.T) {
	for text, want := range map[string]string{
		`5`:               `5`,
		` "a\"{,:" `:      `"a\"{,:"`,
		`{}`:              `{}`,
		`[ ]`:             `[]`,
		`[[],{ } ]`:       "[\n  [],\n  {}\n]",
		`{"a":1,"b":[2]}`: "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}",
		`[123456789012345678901234567890,NaN,-Infinity,1.0E+2]`: "[\n  123456789012345678901234567890,\n  NaN,\n  -Infinity,\n  1.0E+2\n]",
		"\"\u009b2J \u202e\"": `"\u009b2J \u202e"`,
	} {
		if got := string(indent([]byte(text))); got != want {
			t.Errorf("indent(%s) = %s; want %s", text, got, want)
		}
	}
}

func FuzzIndent(f *testing.F) {
	for _, text := range []string{`{"a":[1,{}],"b":"\\\""}`, `[]`, `""`, `{`, `"\`, "]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := indent(text) // does not panic on what is no JSON either
		var want, compact bytes.Buffer
		if json.Compact(&want, text) != nil {
			return
		}
		if bytes.ContainsFunc(text, func(r rune) bool { return r > 0x7E }) {
			return // letters that are escaped compare unequal
		}
		if err := json.Compact(&compact, got); err != nil || compact.String() != want.String() {
			t.Errorf("indent(%q) = %q; want the same value: %v", text, got, err)
		}
	})
}

func TestShowCogs(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var got strings.Builder
	s := &session{out: &sink{w: &got}}
	s.showCogs([]admin.CogStatus{
		{Name: "members", State: "serving", Generation: 7, Revision: "3fe0a1b2", Since: now.Add(-50*time.Hour - time.Second), InFlight: 3, Routes: 12},
		{Name: "a", State: "restarting", Generation: 8, Restarts: 4, Panics: 9, LastError: "one\n\ttwo", NextTry: now.Add(1234 * time.Millisecond)},
		{Name: "b\x1b", State: "restarting", NextTry: now.Add(-time.Second), Since: now.Add(time.Minute), LastError: strings.Repeat("é", 99)},
	}, now)
	want := `
NAME|STATE|GENERATION|BUILD|UPTIME|IN FLIGHT|ROUTES|RESTARTS|PANICS|LAST ERROR
members|serving|7|3fe0a1b2|2d2h|3|12|0|0
a|restarting, next try in 1.2s|8|-|-|0|0|4|9|one; \ttwo
b\x1b|restarting|0|-|0s|0|0|0|0|` + strings.Repeat("é", 79) + "…\n"
	table := regexp.MustCompile("  +").ReplaceAllString("\n"+got.String(), "|")
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("showCogs() differs (-want +got):\n%s", diff)
	}
}

func TestCallOnTerminal(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	for args, want := range map[string]string{
		`call echo {"id":[12345678901234567890,NaN]}`:        "{\n  \"id\": [\n    12345678901234567890,\n    NaN\n  ]\n}\n",
		`call --json echo {"id":[12345678901234567890,NaN]}`: "{\"id\":[12345678901234567890,NaN]}\n",
	} {
		var got strings.Builder
		s := &session{out: &sink{w: &got}, getenv: b.env, terminal: true}
		if err := s.dispatch(t.Context(), strings.Fields(args)); err != nil || got.String() != want {
			t.Errorf("dispatch(%s) = %v, %q; want nil, %q", args, err, got.String(), want)
		}
	}
}

func TestShowNoCogs(t *testing.T) {
	var got strings.Builder
	(&session{out: &sink{w: &got}}).showCogs(nil, time.Now())
	if want := "no cogs are loaded\n"; got.String() != want {
		t.Errorf("showCogs(nil) = %q; want %q", got.String(), want)
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                          "0s",
		59*time.Second + 999*time.Millisecond: "59s",
		time.Minute:                           "1m0s",
		time.Hour - time.Second:               "59m59s",
		time.Hour:                             "1h0m",
		24*time.Hour - 1:                      "23h59m",
		25 * time.Hour:                        "1d1h",
	} {
		if got := age(d); got != want {
			t.Errorf("age(%s) = %q; want %q", d, got, want)
		}
	}
}

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

func TestTally(t *testing.T) {
	var sum tally
	for _, ms := range []int{2, 4, 4, 4, 5, 5, 7, 9} {
		sum.add(time.Duration(ms)*time.Millisecond, nil)
	}
	sum.add(time.Hour, errors.New("lost"))
	sum.add(time.Hour, errors.New("lost"))
	r := sum.report("ws://bot")
	got := []float64{float64(r.Sent), float64(r.Answered), r.Lost, *r.Min, *r.Avg, *r.Max, *r.Stddev}
	if want := []float64{10, 8, 20, 2, 5, 9, 2}; !cmp.Equal(got, want) {
		t.Errorf("report() = %v; want %v", got, want)
	}
	empty := (&tally{}).report("ws://bot")
	if math.IsNaN(empty.Lost) || empty.Min != nil {
		t.Errorf("report() of nothing = %+v; want no times", empty)
	}
}

func TestVersion(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	info.Main.Version = "v1.2.3"
	platform := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if got, want := versionOf(info).String(), "cogbus v1.2.3 (0123456789ab of 2026-01-02T03:04:05Z, modified), "+platform; got != want {
		t.Errorf("versionOf() = %q; want %q", got, want)
	}
	if got, want := versionOf(&debug.BuildInfo{}).String(), "cogbus (devel), "+platform; got != want {
		t.Errorf("versionOf() = %q; want %q", got, want)
	}
}

// The codes of package wire must not fall through to 1 unseen.
func TestExitCodes(t *testing.T) {
	for code, want := range map[wire.Code]int{
		wire.BadRequest: 9, wire.Unauthorized: 5, wire.Forbidden: 5, wire.NoRoute: 6, wire.NotFound: 6, wire.Timeout: 7,
		wire.Canceled: 7, wire.Overloaded: 8, wire.Unavailable: 4, wire.Interrupted: 4, wire.TooLarge: 9, wire.Internal: 1, "own": 1,
	} {
		if got := exitCode(&advised{wire.Errorf(code, "x"), ""}); got != want {
			t.Errorf("exitCode(%s) = %d; want %d", code, got, want)
		}
	}
}
