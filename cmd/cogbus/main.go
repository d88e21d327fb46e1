// Cogbus calls the routes of a running bot and looks after its cogs:
//
//	cogbus call members.count '{"guild_id": "906875633666295393"}'
//	cogbus cogs
//	cogbus reload members
//
// "cogbus help" explains the rest. Each command is in a package or a file of its name
// under internal. internal/cli has the code that all commands share.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/commands"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/dev"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // so that a second Ctrl-C kills the process
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// run does what args, without the name of the program, ask for and returns the
// exit code. The end of ctx is the user's Ctrl-C.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	env := cli.NewEnv(stdin, stdout, stderr, getenv)
	return cli.Execute(ctx, env, newRoot(env), args)
}

// newRoot returns the command "cogbus" with all commands, in the groups of the help. A new
// command is a file of its own in internal/commands, and its New function in this list.
func newRoot(env *cli.Env) *cobra.Command {
	root := cli.NewRoot(env)
	for _, group := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Calls", []*cobra.Command{commands.NewCall(env), commands.NewRoutes(env), commands.NewPing(env), load.New(env)}},
		{"Cogs of a bot", []*cobra.Command{commands.NewCogs(env), commands.NewReload(env), commands.NewRollback(env), commands.NewUnload(env)}},
		{"Cogs from source", []*cobra.Command{dev.New(env), commands.NewBuild(env)}},
		{"This program", []*cobra.Command{commands.NewVersion(env)}},
	} {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title})
		for _, cmd := range group.commands {
			cmd.GroupID = group.title
			root.AddCommand(cmd)
		}
		root.SetHelpCommandGroupID(group.title) // in the end the last group has it
		root.SetCompletionCommandGroupID(group.title)
	}
	return root
}
