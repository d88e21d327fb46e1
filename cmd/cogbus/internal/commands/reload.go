package commands

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire/admin"
)

// NewReload returns the command "reload".
func NewReload(env *cli.Env) *cobra.Command {
	var q admin.ReloadRequest
	cmd := &cobra.Command{
		Use:   "reload [--fresh] [--force] NAME",
		Short: "Replace a cog's instance by a new one",
		Long: `No call is lost: calls that run finish on the old instance, later ones run on
the new. If the new one does not set up, the old one serves on and the error
says why. A cog that has failed is revived.`,
		Example:           "cogbus reload members\n  cogbus reload members --fresh",
		Args:              cli.Args(1, 1),
		ValidArgsFunction: cli.FirstOnly(env.CompleteCogs),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Name = args[0]
			return change(cmd.Context(), env, admin.Reload, q, cli.Subject{Verb: "reload", Cog: q.Name})
		},
	}
	cli.AddFlags(cmd, "Flags", func(fs *pflag.FlagSet) {
		fs.BoolVar(&q.Fresh, "fresh", false, "start without what the old instance kept")
		fs.BoolVar(&q.Force, "force", false, "do not wait for handlers that hang: start from what was last saved")
	})
	return cmd
}

// NewRollback returns the command "rollback".
func NewRollback(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "rollback NAME",
		Short: "Put a cog's previous build back in service",
		Long: `For cogs that the bot builds from source. It is a reload, with another code: no
call is lost, and what the cog keeps goes over. The next reload builds from the
source again.`,
		Example:           "cogbus rollback stats",
		Args:              cli.Args(1, 1),
		ValidArgsFunction: cli.FirstOnly(env.CompleteCogs),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := admin.ReloadRequest{Name: args[0], Rollback: true}
			return change(cmd.Context(), env, admin.Reload, q, cli.Subject{Verb: "rollback", Cog: q.Name})
		},
	}
}

// NewUnload returns the command "unload".
func NewUnload(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "unload NAME",
		Short: "Take a cog and its routes away",
		Long: `Its calls finish first; those that take longer than the cog allows are ended.
What it kept is gone.`,
		Example:           "cogbus unload members && cogbus load members",
		Args:              cli.Args(1, 1),
		ValidArgsFunction: cli.FirstOnly(env.CompleteCogs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return change(cmd.Context(), env, admin.Unload, admin.CogName{Name: args[0]}, cli.Subject{Verb: "unload", Cog: args[0]})
		},
	}
}
