package main

import (
	"io"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// TestCommands finds two faults that cobra does not report: a flag of a command that hides
// a flag of all commands, and a command without Args, which would ignore its arguments.
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
