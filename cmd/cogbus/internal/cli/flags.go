package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// register adds the flags that all commands take to fs.
func (e *Env) register(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringVar(&e.target, "target", "", "the bot's `ADDRESS` (default: COGBUS_TARGET, or else "+defaultTarget+")")
	fs.StringVar(&e.secretFile, "secret-file", "", "a `FILE` that holds the secret")
	fs.Func("timeout", "give up after this `TIME`, such as 500ms, 5 or 2m (default 30s, for ping 5s, for load tests 10s)", e.setTimeout)
	fs.BoolVar(&e.JSON, "json", false, "print JSON, for programs; errors too")
	fs.BoolVar(&e.cleartext, "allow-cleartext-secret", false, "let ipcx and discover targets on other hosts have the secret, in clear")
	fs.BoolP("help", "h", false, "explain cogbus, or the command")
}

func (e *Env) setTimeout(text string) error {
	d, err := ParsePeriod(text)
	if err == nil && d == 0 {
		err = errors.New("want a time above 0: every call has a deadline")
	}
	e.Timeout = d
	return err
}

// ParsePeriod reads a time as time.ParseDuration does. A plain number is seconds, as for
// ping and sleep.
func ParsePeriod(text string) (time.Duration, error) {
	if strings.Trim(text, "0123456789.") == "" { // otherwise 5h3 would become 5h3s
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, errors.New("want a time such as 500ms, 5 or 2m")
	}
	return d, nil
}

// Args returns a check of the number of arguments of a command.
func Args(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		name := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		switch {
		case len(args) < least:
			return Usagef("%s: an argument is missing: want %s %s", name, cmd.Parent().CommandPath(), cmd.Use)
		case len(args) > most:
			return Usagef("%s: one argument too many: %q", name, args[most])
		}
		return nil
	}
}

// flagError translates an error of pflag into this program's words. It never repeats the
// value of an unknown flag, which may be a secret.
func flagError(cmd *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(cmd, e.GetSpecifiedName())
	}
	if e, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		name, _, _ := strings.Cut(e.GetSpecifiedFlag(), "=")
		return Usagef("unknown flag %s", name)
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return Usagef("%s needs a value", Dashed(e.GetSpecifiedName()))
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		why := e.Unwrap()
		if e.GetFlag().Value.Type() == "bool" {
			why = errors.New("want true or false, or nothing")
		}
		return Usagef("%s %q: %v", Dashed(e.GetFlag().Name), e.GetValue(), why)
	}
	return Usagef("%v", err)
}

func unknownFlag(cmd *cobra.Command, name string) error {
	if slices.Contains([]string{"secret", "admin-secret", "password", "token", "key"}, name) {
		return Usagef("there is no %s: every process of the machine could read the secret there, and the shell's history keeps it: "+
			"put it into a file for --secret-file, or into COGBUS_SECRET", Dashed(name))
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		names = append(names, f.Name)
		if f.Shorthand != "" {
			names = append(names, f.Shorthand)
		}
	})
	similar := Near(name, names)
	for i, n := range similar {
		similar[i] = Dashed(n)
	}
	if len(similar) == 0 {
		switch owner := ownerOf(cmd.Root(), name); {
		case owner == nil:
		case cmd.HasParent():
			return Usagef("unknown flag %s: %s takes it, and %s does not", Dashed(name), owner.CommandPath(), cmd.CommandPath())
		default:
			return Usagef("unknown flag %s: it belongs behind %s", Dashed(name), owner.CommandPath())
		}
	}
	return Usagef("unknown flag %s%s", Dashed(name), DidYouMean(similar))
}

// ownerOf returns the command under parent that has the named flag, or nil.
func ownerOf(parent *cobra.Command, name string) *cobra.Command {
	for _, cmd := range parent.Commands() {
		if flagOf(cmd, name) != nil && cmd.LocalFlags().Lookup(flagOf(cmd, name).Name) != nil {
			return cmd
		}
	}
	return nil
}

// flagOf returns the flag of cmd with the name, which may be one letter, or nil.
func flagOf(cmd *cobra.Command, name string) *pflag.Flag {
	cmd.InheritedFlags() // adds them to Flags
	if len(name) == 1 {
		return cmd.Flags().ShorthandLookup(name)
	}
	return cmd.Flags().Lookup(name)
}

// Dashed returns the flag as people write it.
func Dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
