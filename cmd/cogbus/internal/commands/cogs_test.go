package commands

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire/admin"
)

func TestShowCogs(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var got strings.Builder
	showCogs(cli.NewOutput(&got), []admin.CogStatus{
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

func TestShowNoCogs(t *testing.T) {
	var got strings.Builder
	showCogs(cli.NewOutput(&got), nil, time.Now())
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
