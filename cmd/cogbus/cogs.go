package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func newCogs() *command {
	return &command{
		name:    "cogs",
		summary: "show how the loaded cogs are",
		details: `For each cog: its state, the generation of its instance, its build if it was
built from source, how long it has served, its calls in flight, its routes, how
often it has restarted and its handlers have panicked, and its last error, cut to
fit; --json has all of it.`,
		examples: []string{"cogbus cogs", "cogbus cogs --json"},
		run: func(ctx context.Context, s *session, _ []string) error {
			return ask(ctx, s, admin.Cogs, wire.Empty{}, func(list []admin.CogStatus) { s.showCogs(list, time.Now()) })
		},
	}
}

func (s *session) showCogs(list []admin.CogStatus, now time.Time) {
	if len(list) == 0 {
		s.out.printf("no cogs are loaded\n")
		return
	}
	var rows [][]string
	for _, c := range list {
		state := c.State
		if wait := c.NextTry.Sub(now); !c.NextTry.IsZero() && wait > 0 {
			state += fmt.Sprintf(", next try in %s", wait.Round(100*time.Millisecond))
		}
		uptime := "-"
		if !c.Since.IsZero() {
			uptime = age(now.Sub(c.Since))
		}
		rows = append(rows, []string{
			c.Name, state, strconv.FormatUint(c.Generation, 10), cmp.Or(c.Revision, "-"), uptime,
			strconv.Itoa(c.InFlight), strconv.Itoa(c.Routes), strconv.Itoa(c.Restarts), strconv.FormatInt(c.Panics, 10),
			short(oneLine(c.LastError), 80),
		})
	}
	s.out.table([]string{"NAME", "STATE", "GENERATION", "BUILD", "UPTIME", "IN FLIGHT", "ROUTES", "RESTARTS", "PANICS", "LAST ERROR"}, rows)
}

// age shows the two largest units of d, which is less than nothing where the
// bot's clock is ahead.
func age(d time.Duration) string {
	seconds := int(max(d, 0) / time.Second)
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm%ds", seconds/60, seconds%60)
	case seconds < 24*3600:
		return fmt.Sprintf("%dh%dm", seconds/3600, seconds/60%60)
	}
	return fmt.Sprintf("%dd%dh", seconds/(24*3600), seconds/3600%24)
}
