package commands

import (
	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire/admin"
)

// NewRollback returns the command "rollback".
func NewRollback(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "rollback NAME",
		Short: "Put a cog's previous build back in service",
		Long: `This is for cogs that the bot builds from source. It is a reload with the build
that served before. Calls that run finish on the old instance, except for handlers
that run longer than the cog's DrainTimeout, and the state of the cog goes over. The
next reload builds from the source again.`,
		Example:           "cogbus rollback stats",
		Args:              cli.Args(1, 1),
		ValidArgsFunction: cli.FirstOnly(env.CompleteCogs),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := admin.ReloadRequest{Name: args[0], Rollback: true}
			return change(cmd.Context(), env, admin.Reload, q, cli.Subject{Verb: "rollback", Cog: q.Name})
		},
	}
}
