package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Local is the annotation of commands that call no bot. Their help leaves out the flags
// and exit codes of calls.
const Local = "local"

// Annotations that hold parts of the help.
const (
	flagsPart = "flags" // the flags of a command, in groups
	exitsPart = "exits" // the table of exit codes; only the root has it
)

const helpTemplate = `Usage: {{with .Parent}}{{.CommandPath}} {{end}}{{.Use}}

{{.Short}}.
{{with .Long}}
{{trim .}}
{{end}}{{if .HasAvailableSubCommands}}{{range $group := .Groups}}
{{.Title}}:
{{range $.Commands}}{{if and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help"))}}  {{rpad .Name .NamePadding}} {{.Short}}
{{end}}{{end}}{{else}}
Commands:
{{range .Commands}}  {{rpad .Name .NamePadding}} {{.Short}}
{{end}}{{end}}
"cogbus help{{if .HasParent}} {{.Name}}{{end}} COMMAND" explains one of them.
{{end}}{{index .Annotations "flags"}}{{if eq (index .Annotations "local") ""}}
Flags of all commands:
{{.Root.PersistentFlags.FlagUsagesWrapped 100}}{{end}}{{if not .HasParent}}
Addresses:
  ws://localhost:8765    a bot on this machine; the default
  wss://bot.example.com  a bot behind TLS
  unix:///run/bot.sock   a bot's Unix socket
  ipcx://localhost:8765  a bot of the Python package discord-ext-ipcx
  discover://localhost   the same; its port 20000 tells the port of the bot

Secrets are never flags, since every process of a machine can read those:
  COGBUS_SECRET        the bot's secret
  COGBUS_ADMIN_SECRET  the admin secret: load, unload, reload and rollback prefer it
  --secret-file FILE   a file with either secret: it goes before the environment; a line
                       break at its end does not count

Terminals:
  NO_COLOR  if not empty, there are no colours; TERM=dumb has the same effect
{{end}}{{with .Example}}
Examples:
  {{.}}
{{end}}{{if eq (index .Annotations "local") ""}}
Exit codes:
{{.Root.Annotations.exits}}{{if .HasParent}}
"cogbus help" explains addresses and secrets.
{{end}}{{end}}`

// exitTable returns the table of exit codes for the help.
func exitTable() string {
	var text strings.Builder
	for _, x := range Exits() {
		_, _ = fmt.Fprintf(&text, "  %-3d  %s", x.Code, x.Meaning)
		for i, code := range x.Codes {
			_, _ = fmt.Fprintf(&text, "%c %s", ":,"[min(i, 1)], code)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// AddFlags lets add define flags of cmd. The help shows them together, under title.
func AddFlags(cmd *cobra.Command, title string, add func(fs *pflag.FlagSet)) {
	group := pflag.NewFlagSet(title, pflag.ContinueOnError)
	group.SortFlags = false
	add(group)
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(group)
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[flagsPart] += "\n" + title + ":\n" + group.FlagUsagesWrapped(100)
}

// explainUnknown makes cobra's command "help" fail for a command that does not exist.
func explainUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help := childOf(root, "help")
	help.Use = "help [COMMAND...]"
	help.Short = "Explain cogbus, or one command"
	help.Long = ""
	help.Example = "cogbus help\n  cogbus help call\n  cogbus help load diff"
	help.Annotations = map[string]string{Local: "yes"}
	help.Args = cobra.ArbitraryArgs
	help.Run = nil
	help.RunE = func(_ *cobra.Command, args []string) error {
		found := root
		for _, name := range args {
			child := childOf(found, name)
			if child == nil {
				return unknownCommand(found, name)
			}
			found = child
		}
		return found.Help()
	}
}
