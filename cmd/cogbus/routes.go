package main

import (
	"context"
	"strconv"
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func newRoutes() *command {
	return &command{
		name:    "routes",
		summary: "list the routes that are served",
		details: `For each route: its cog, the generation of the instance that serves it,
whether its calls run at once, one by one, or one by one for each key, and how
long its handler may take.`,
		examples: []string{"cogbus routes", "cogbus routes --json"},
		run: func(ctx context.Context, s *session, _ []string) error {
			return ask(ctx, s, admin.Routes, wire.Empty{}, s.showRoutes)
		},
	}
}

func (s *session) showRoutes(list []admin.RouteStatus) {
	var rows [][]string
	for _, r := range list {
		order := "at once"
		switch {
		case r.Keyed:
			order = "by key"
		case r.Serial:
			order = "one by one"
		}
		rows = append(rows, []string{
			r.Endpoint, r.Cog, strconv.FormatUint(r.Generation, 10), order,
			(time.Duration(r.TimeoutMS) * time.Millisecond).String(),
		})
	}
	s.out.table([]string{"ENDPOINT", "COG", "GENERATION", "CALLS RUN", "TIMEOUT"}, rows)
}
