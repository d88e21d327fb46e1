// Package load has the command "load": load tests, their comparison, and the loading of
// a cog.
package load

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/commands"
)

// New returns the command "load".
func New(env *cli.Env) *cobra.Command {
	l := &loader{env: env}
	l.cmd = &cobra.Command{
		Use:   "load --route ROUTE… [FLAGS]\n       cogbus load diff BEFORE.json AFTER.json\n       cogbus load NAME",
		Short: "Make load on the bot and measure; with a name, load that cog",
		Long:  help,
		Example: `cogbus load --route 'members.count={"guild_id":"{{guild}}"}' --guild-ids 906875633666295393 --rate 200 --duration 1s
  cogbus load --route echo --callers 4 --depth 8 --count 1000 --assert 'err<0.1%'
  cogbus load --route echo --rate 100 -d 1s --chaos reload=members@500ms --html report.html --out after.json
  cogbus unload members && cogbus load members`,
		Args:              cli.Args(0, 1),
		ValidArgsFunction: cli.FirstOnly(env.CompleteCogs),
		RunE:              func(cmd *cobra.Command, args []string) error { return l.dispatch(cmd.Context(), args) },
	}
	l.register()
	l.cmd.AddCommand(newDiff(env))
	return l.cmd
}

// A loader is the load test that the flags ask for.
type loader struct {
	env  *cli.Env
	cmd  *cobra.Command // knows the flags that the user gave
	plan loadtest.Plan

	scenario string // the name of its file
	routes   routeFlags
	findMax  []loadtest.Goal
	most     float64
	out      outputs
}

// dispatch makes a load test, or loads the cog that args name.
func (l *loader) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return l.run(ctx)
	}
	var given string
	l.cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && given == "" {
			given = f.Name
		}
	})
	if given != "" {
		return cli.Usagef("load %s: a cog is loaded without %s; a load test names its routes by --route %[1]s", args[0], cli.Dashed(given))
	}
	return commands.LoadCog(ctx, l.env, args[0])
}

// given returns the names of flags that the user gave.
func (l *loader) given(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !l.cmd.Flags().Changed(name) })
}

// and joins a list: "a, b and c".
func and(list []string) string {
	n := len(list)
	if n < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
}
