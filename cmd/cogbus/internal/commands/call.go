// Package commands has the commands of cogbus that ask or change one thing, each in the
// file of its name.
package commands

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// NewCall returns the command "call".
func NewCall(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "call ENDPOINT [JSON | - | @FILE]",
		Short: "Call a route and print its result",
		Long: `The data is JSON: an argument, a file (@FILE), or standard input (-).

Without an argument for the data, cogbus reads standard input if that is a pipe
or a file. If it is empty, as under cron, or a terminal, the data is {}. It is an
error if standard input does not end within --timeout, so in loops and over ssh
add </dev/null to the command.

cogbus prints the result unchanged, byte for byte. On a terminal it adds line
breaks. Numbers keep all their digits.`,
		Example: `cogbus call members.count '{"guild_id": "906875633666295393"}'
  cogbus call members.count @guild.json
  echo '{"guild_id": "906875633666295393"}' | cogbus call members.count
  cogbus call echo '"hello"' --timeout 5s </dev/null`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 2 { // the shell has taken the JSON apart
				return cli.Usagef("call: %d arguments; want at most 2: put the JSON in single quotes: '%s'", len(args), strings.Join(args[1:], " "))
			}
			return cli.Args(1, 2)(cmd, args)
		},
		ValidArgsFunction: cli.FirstOnly(env.CompleteRoutes),
		RunE:              func(cmd *cobra.Command, args []string) error { return call(cmd.Context(), env, args[0], args[1:]) },
	}
}

func call(ctx context.Context, env *cli.Env, endpoint string, payload []string) error {
	data, err := env.Payload(ctx, payload)
	if err != nil {
		return err
	}
	bot, err := env.Connect()
	if err != nil {
		return err
	}
	defer func() { _ = bot.Close() }()
	var body any
	if data != nil {
		body = data
	}
	result, err := env.Request(ctx, bot, endpoint, body)
	if err != nil {
		return err
	}
	if env.Out.Terminal && !env.JSON {
		result = cli.Indent(result)
	}
	env.Out.Printf("%s\n", result)
	return nil
}
