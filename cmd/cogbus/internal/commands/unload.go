package commands

import (
	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire/admin"
)

// NewUnload returns the command "unload".
func NewUnload(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "unload NAME",
		Short: "Take a cog and its routes away",
		Long: `Calls that run finish first. A handler that runs longer than the cog's
DrainTimeout, 5 seconds by default, is cut off: its caller gets unavailable. The
state of the cog is gone.`,
		Example:           "cogbus unload members && cogbus load members",
		Args:              cli.Args(1, 1),
		ValidArgsFunction: cli.FirstOnly(env.CompleteCogs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return change(cmd.Context(), env, admin.Unload, admin.CogName{Name: args[0]}, cli.Subject{Verb: "unload", Cog: args[0]})
		},
	}
}
