package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// NewRoot returns the command "cogbus" without any commands under it.
func NewRoot(e *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "cogbus [FLAGS] COMMAND [FLAGS] [ARGUMENTS]",
		Short:         "Cogbus calls the routes of a running bot and looks after its cogs",
		Args:          cobra.ArbitraryArgs, // otherwise cobra reports unknown commands, without good guesses
		RunE:          e.wantCommand,
		Annotations:   map[string]string{exitsPart: exitTable()},
		Version:       ReadVersion().String(),
		SilenceErrors: true, // Execute reports them
		SilenceUsage:  true,
	}
	root.SetIn(e.Stdin)
	root.SetOut(e.Out)
	root.SetErr(e.Errs)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpTemplate(helpTemplate)
	root.SetFlagErrorFunc(flagError)
	e.register(root.PersistentFlags())
	return root
}

// Execute runs the command that args name and returns the exit code. The end of ctx
// is the user's Ctrl-C.
func Execute(ctx context.Context, e *Env, root *cobra.Command, args []string) int {
	explainUnknown(root)
	addCompletion(e, root)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		e.Errs = io.Discard // the user is typing: a warning would break the line
		root.SetErr(io.Discard)
	} else {
		args = arrange(root, args)
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = e.Out.failure()
	}
	if err == nil {
		return ExitOK
	}
	return e.report(cmd.CommandPath(), err, ctx.Err() != nil)
}

// wantCommand runs a command that only has commands under it: it returns an error.
func (e *Env) wantCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	cmd.SetOut(e.Errs)
	_ = cmd.Help()
	return Usagef("no command given")
}

// unknownCommand returns the error for a name that no command under parent has.
func unknownCommand(parent *cobra.Command, name string) error {
	var names []string
	for _, cmd := range parent.Commands() {
		if !cmd.Hidden {
			names = append(names, cmd.Name())
		}
	}
	return Usagef("unknown command %q%s", name, DidYouMean(Near(name, names)))
}
