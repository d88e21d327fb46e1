package main

import (
	"io"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// TestCommands checks what cobra does not: a flag of a command hides one of all commands
// without a word, and a command that does not say how many arguments it takes drops them.
func TestCommands(t *testing.T) {
	root := newRoot(cli.NewEnv(nil, io.Discard, io.Discard, noEnv))
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if root.PersistentFlags().Lookup(f.Name) != nil || f.Shorthand != "" && root.PersistentFlags().ShorthandLookup(f.Shorthand) != nil {
				t.Errorf("%s: the flag --%s hides that of all commands", cmd.CommandPath(), f.Name)
			}
		})
		if cmd.Args == nil || cmd.RunE == nil || cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s lacks Args, RunE, Short or Example", cmd.CommandPath())
		}
		for _, child := range cmd.Commands() {
			check(child)
		}
	}
	for _, cmd := range root.Commands() {
		check(cmd)
	}
}
