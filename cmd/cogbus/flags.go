package main

import (
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"time"
)

const defaultTarget = "ws://localhost:8765"

// globals are the flags that every command takes, before or after its name.
type globals struct {
	target     string
	secretFile string
	timeout    time.Duration // 0: not given
	json       bool
	cleartext  bool
}

// register adds the flags to fs; those that are set already keep their values.
func (g *globals) register(fs *flag.FlagSet) {
	fs.StringVar(&g.target, "target", g.target, "the bot's `ADDRESS` (default: COGBUS_TARGET, else "+defaultTarget+")")
	fs.StringVar(&g.secretFile, "secret-file", g.secretFile, "a `FILE` that holds the secret")
	fs.Func("timeout", "give up after this `TIME`, such as 500ms, 5 or 2m (default 30s, for ping 5s, for load tests 10s)", g.setTimeout)
	fs.BoolVar(&g.json, "json", g.json, "print JSON, for programs; errors too")
	fs.BoolVar(&g.cleartext, "allow-cleartext-secret", g.cleartext, "let ipcx and discover targets on other hosts have the secret, in clear")
}

// newFlagSet returns a set that parse fills: package flag holds the flags but
// does not read them, since it stops at the first argument that is none.
func newFlagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("cogbus", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse sets the flags that stand in args, in any order with other arguments,
// and returns these. If leading is set, it stops at the first of them. The error
// is a usage error, or flag.ErrHelp for -h.
func parse(fs *flag.FlagSet, args []string, leading bool) ([]string, error) {
	var rest []string
	for len(args) > 0 {
		switch arg := args[0]; {
		case arg == "--":
			return append(rest, args[1:]...), nil
		case !isFlag(arg) && leading:
			return args, nil
		case !isFlag(arg):
			rest, args = append(rest, arg), args[1:]
		default:
			n, err := set(fs, args)
			if err != nil {
				return nil, err
			}
			args = args[n:]
		}
	}
	return rest, nil
}

// isFlag tells flags from other arguments; -5 and -Infinity are data.
func isFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && (arg[1] < '0' || arg[1] > '9') && arg != "-Infinity"
}

// set sets the flag that args begin with and returns how many of them it took.
func set(fs *flag.FlagSet, args []string) (int, error) {
	name, value, has := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(args[0], "-"), "-"), "=")
	f := fs.Lookup(name)
	if f == nil {
		return 0, unknownFlag(fs, name)
	}
	taken := 1
	switch {
	case has:
	case isBool(f):
		value = "true"
	case len(args) < 2:
		return 0, usagef("", "%s needs a value", dashed(name))
	default:
		value, taken = args[1], 2
	}
	if err := fs.Set(name, value); err != nil {
		return 0, usagef("", "%s %q: %v", dashed(name), value, err)
	}
	return taken, nil
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// unknownFlag never repeats a value: it may be a secret.
func unknownFlag(fs *flag.FlagSet, name string) error {
	if name == "h" || name == "help" {
		return flag.ErrHelp
	}
	if slices.Contains([]string{"secret", "admin-secret", "password", "token", "key"}, name) {
		return usagef("", "there is no %s: every process of the machine could read the secret there, and the shell's history keeps it: "+
			"put it into a file for --secret-file, or into COGBUS_SECRET", dashed(name))
	}
	var names []string
	fs.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	similar := near(name, names)
	for i, n := range similar {
		similar[i] = dashed(n)
	}
	for _, c := range commands() {
		own := newFlagSet()
		if c.flags != nil {
			c.flags(own)
		}
		if len(similar) == 0 && own.Lookup(name) != nil {
			return usagef("", "unknown flag %s: it belongs behind cogbus %s", dashed(name), c.name)
		}
	}
	return usagef("", "unknown flag %s%s", dashed(name), didYouMean(similar))
}

// dashed returns the flag as people write it.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// parsePeriod reads a time. A plain number is seconds, as for ping and sleep.
func parsePeriod(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil || d < 0 {
		return 0, errors.New("want a time such as 500ms, 5 or 2m")
	}
	return d, nil
}

// setTimeout reads the value of --timeout.
func (g *globals) setTimeout(text string) error {
	d, err := parsePeriod(text)
	if err == nil && d == 0 {
		err = errors.New("want more than nothing: every call has a deadline")
	}
	g.timeout = d
	return err
}
