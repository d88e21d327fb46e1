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
		Long: `Calls that run finish on the old instance, and later ones run on the new one.
A handler that runs longer than the cog's DrainTimeout, 5 seconds by default, is
cut off: its caller gets unavailable. If the new instance does not set up, the
old one serves on and the error gives the reason. A reload also brings a cog back
that has failed.`,
		Example:           "cogbus reload members\n  cogbus reload members --fresh",
		Args:              cli.Args(1, 1),
		ValidArgsFunction: cli.FirstOnly(env.CompleteCogs),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Name = args[0]
			return change(cmd.Context(), env, admin.Reload, q, cli.Subject{Verb: "reload", Cog: q.Name})
		},
	}
	cli.AddFlags(cmd, "Flags", func(fs *pflag.FlagSet) {
		fs.BoolVar(&q.Fresh, "fresh", false, "start without the state of the old instance")
		fs.BoolVar(&q.Force, "force", false, "replace the instance even if handlers or tasks hang beyond the cog's DrainTimeout, and start from the state that was saved last")
	})
	return cmd
}
