package commands

import (
	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// NewVersion returns the command "version".
func NewVersion(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version of this program",
		Example:           "cogbus version\n  cogbus version --json\n  cogbus --version",
		Annotations:       map[string]string{cli.Local: "yes"},
		Args:              cli.Args(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			v := cli.ReadVersion()
			if env.JSON {
				env.Out.JSON(v)
			} else {
				env.Out.Printf("%s\n", v)
			}
			return nil
		},
	}
}
