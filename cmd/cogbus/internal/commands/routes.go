package commands

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// NewRoutes returns the command "routes".
func NewRoutes(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "routes",
		Short: "List the routes of the loaded cogs",
		Long: `The table shows for each route: its cog; the generation of the instance that
serves it; whether its calls run at once, one by one, or one by one for each key;
and the time limit of its handler.`,
		Example:           "cogbus routes\n  cogbus routes --json",
		Args:              cli.Args(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cli.Ask(cmd.Context(), env, admin.Routes, wire.Empty{}, func(list []admin.RouteStatus) { showRoutes(env.Out, list) })
		},
	}
}

func showRoutes(out *cli.Output, list []admin.RouteStatus) {
	t := cli.Table{Heads: []string{"ENDPOINT", "COG", "GENERATION", "CALLS RUN", "TIMEOUT"}}
	for _, r := range list {
		order := "at once"
		switch {
		case r.Keyed:
			order = "by key"
		case r.Serial:
			order = "one by one"
		}
		t.Rows = append(t.Rows, []string{
			r.Endpoint, r.Cog, strconv.FormatUint(r.Generation, 10), order,
			(time.Duration(r.TimeoutMS) * time.Millisecond).String(),
		})
	}
	out.Table(t)
}
