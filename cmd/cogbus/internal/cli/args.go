package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// arrange rewrites a command line so that pflag reads it as this program means it.
//
// Pflag would read -timeout as the seven flags -t -i -m …; arrange makes it --timeout,
// as Go programs take it. Pflag would read -5 and -Infinity as flags, too, but they are
// data: arrange moves the first of those, and all arguments behind it, to the end,
// behind "--". Flags stay where they are, so they may stand behind data.
func arrange(root *cobra.Command, args []string) []string {
	var front, back []string
	cmd, named := root, false // named is true when no more names of commands follow
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--" && cmd == root: // the name of the command follows
		case arg == "--":
			back, args = append(back, args...), nil
		case isFlag(arg):
			name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
			flag := Dashed(name)
			if hasValue {
				flag += "=" + value
			}
			front = append(front, flag)
			if f := flagOf(cmd, name); f != nil && f.NoOptDefVal == "" && !hasValue && len(args) > 0 {
				front, args = append(front, args[0]), args[1:]
			}
		case back != nil || len(arg) > 1 && arg[0] == '-':
			back = append(back, arg)
		default:
			front = append(front, arg)
			child := childOf(cmd, arg)
			if named = named || child == nil; !named {
				cmd = child
			}
		}
	}
	if back == nil {
		return append([]string{}, front...) // never nil, which cobra takes for os.Args
	}
	return slices.Concat(front, []string{"--"}, back)
}

// isFlag tells flags from data: -5 and -Infinity are data.
func isFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && (arg[1] < '0' || arg[1] > '9') && arg != "-Infinity"
}

// childOf returns the command of that name under cmd, or nil.
func childOf(cmd *cobra.Command, name string) *cobra.Command {
	for _, child := range cmd.Commands() {
		if child.Name() == name {
			return child
		}
	}
	return nil
}
