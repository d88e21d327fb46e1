package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/client"
)

// completionLimit is the time for which a press of the tab key may wait for the bot.
const completionLimit = 500 * time.Millisecond

// CompleteRoutes offers the names of the bot's routes to the shell. It offers nothing if
// the bot does not answer in time, or refuses the secret.
func (e *Env) CompleteRoutes(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return e.offer(cmd.Context(), prefix, routesOf), cobra.ShellCompDirectiveNoFileComp
}

// CompleteCogs offers the names of the bot's cogs, as CompleteRoutes does.
func (e *Env) CompleteCogs(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return e.offer(cmd.Context(), prefix, cogsOf), cobra.ShellCompDirectiveNoFileComp
}

// FirstOnly limits complete to the first argument.
func FirstOnly(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, prefix)
	}
}

// offer asks the bot for a list, and returns the entries that begin with the prefix. After
// an error it returns none: the user is in the middle of a line, and gets the error from
// the command itself.
func (e *Env) offer(ctx context.Context, prefix string, list func(context.Context, *client.Client) ([]entry, error)) []string {
	ctx, cancel := context.WithTimeout(ctx, completionLimit)
	defer cancel()
	bot, err := e.Connect()
	if err != nil {
		return nil
	}
	defer func() { _ = bot.Close() }()
	all, _ := list(ctx, bot)
	var names []string
	for _, n := range all {
		if strings.HasPrefix(n.name, prefix) && !strings.ContainsFunc(n.name, hidden) { // a terminal takes hidden ones for a command
			names = append(names, cobra.CompletionWithDesc(n.name, OneLine(n.about)))
		}
	}
	return names
}

// addCompletion adds cobra's command "completion". It makes the script for bash work
// where the package bash-completion is not installed, as in most containers.
func addCompletion(e *Env, root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion := childOf(root, "completion")
	completion.Use = "completion SHELL"
	completion.Args = cobra.ArbitraryArgs
	completion.RunE = e.wantCommand
	completion.Example = "source <(cogbus completion bash)"
	completion.Annotations = map[string]string{Local: "yes"}
	completion.Short = "Print a script that completes commands, flags, routes and cogs"
	completion.Long = completionHelp
	for _, shell := range completion.Commands() {
		shell.Annotations = completion.Annotations
		shell.Short = "Print the script for " + shell.Name()
	}
	bash := childOf(completion, "bash")
	bash.Long = bashHelp
	script := bash.RunE
	bash.RunE = func(cmd *cobra.Command, args []string) error {
		if err := script(cmd, args); err != nil {
			return err
		}
		_, err := io.WriteString(cmd.OutOrStdout(), plainBash)
		return err
	}
}

const completionHelp = `Names of routes and cogs come from the bot that runs, with the secret in the
environment. If the bot does not answer within half a second, there are none.`

const bashHelp = `For this shell, or with the line in ~/.bashrc for all of them:

  source <(cogbus completion bash)

The script works in plain bash from version 4.1, and better with the package
bash-completion: without that, a line is cut into words at its blanks, also at those
within quotes.`

// plainBash replaces a function of cobra's script, which needs the package
// bash-completion. It does not use COMP_WORDS: bash cuts those at : and =, which stand
// in addresses and flags.
const plainBash = `
__cogbus_init_completion()
{
    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
        _get_comp_words_by_ref "$@" cur prev words cword
        return
    fi
    local line=${COMP_LINE:0:COMP_POINT}
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
    prev=${words[cword > 0 ? cword - 1 : 0]}
}
`
