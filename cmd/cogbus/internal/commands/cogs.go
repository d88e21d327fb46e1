package commands

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// NewCogs returns the command "cogs".
func NewCogs(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "cogs",
		Short: "Show the state of the loaded cogs",
		Long: `The table shows for each cog: its state; the generation of its instance; the
build, if the bot builds the cog from source; the time since it began to serve; the
number of its calls in flight, of its routes, of its restarts and of panics of its
handlers; and its last error, cut to fit. --json has the whole error.`,
		Example:           "cogbus cogs\n  cogbus cogs --json",
		Args:              cli.Args(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cli.Ask(cmd.Context(), env, admin.Cogs, wire.Empty{}, func(list []admin.CogStatus) { showCogs(env.Out, list, time.Now()) })
		},
	}
}

func showCogs(out *cli.Output, list []admin.CogStatus, now time.Time) {
	if len(list) == 0 {
		out.Printf("no cogs are loaded\n")
		return
	}
	const state = 1
	t := cli.Table{
		Heads: []string{"NAME", "STATE", "GENERATION", "BUILD", "UPTIME", "IN FLIGHT", "ROUTES", "RESTARTS", "PANICS", "LAST ERROR"},
		Paint: func(_, column int, cell string) string {
			if column != state {
				return cell
			}
			return paintState(out.Colours, cell)
		},
	}
	for _, c := range list {
		state := c.State
		if wait := c.NextTry.Sub(now); !c.NextTry.IsZero() && wait > 0 {
			state += fmt.Sprintf(", next try in %s", wait.Round(100*time.Millisecond))
		}
		uptime := "-"
		if !c.Since.IsZero() {
			uptime = age(now.Sub(c.Since))
		}
		t.Rows = append(t.Rows, []string{
			c.Name, state, strconv.FormatUint(c.Generation, 10), cmp.Or(c.Revision, "-"), uptime,
			strconv.Itoa(c.InFlight), strconv.Itoa(c.Routes), strconv.Itoa(c.Restarts), strconv.FormatInt(c.Panics, 10),
			cli.Short(cli.OneLine(c.LastError), 80),
		})
	}
	out.Table(t)
}

func paintState(colours cli.Colours, state string) string {
	switch {
	case strings.HasPrefix(state, "serving"):
		return colours.Green(state)
	case strings.HasPrefix(state, "failed"):
		return colours.Red(state)
	}
	return colours.Yellow(state) // the other states end by themselves
}

// age shows the two largest units of d. If the bot's clock is ahead, d is negative, and
// age shows 0s.
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
