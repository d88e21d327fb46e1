package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// LoadCog loads a cog that was unloaded: the command "load" with a name.
func LoadCog(ctx context.Context, env *cli.Env, name string) error {
	return change(ctx, env, admin.Load, admin.CogName{Name: name}, cli.Subject{Verb: "load", Cog: name})
}

// change asks the bot to change a cog, and prints how that went.
func change[Req any](ctx context.Context, env *cli.Env, route wire.Route[Req, admin.SwitchResult], req Req, subject cli.Subject) error {
	env.Subject, env.Admin = subject, true
	return cli.Ask(ctx, env, route, req, func(d admin.SwitchResult) {
		env.Out.Printf("%s\n", cli.OneLine(changed(d, subject.Verb)))
		if d.Note != "" {
			env.Out.Printf("note: %s\n", cli.OneLine(d.Note))
		}
	})
}

// changed describes in one line how the command has changed a cog.
func changed(d admin.SwitchResult, by string) string {
	text, named, built := d.Cog+": ", "", ""
	if d.Revision != "" {
		named = " (" + d.Revision + ")"
	}
	if d.Built > 0 {
		built = fmt.Sprintf(", built %.2f s", d.Built/1000)
	}
	switch {
	case d.From == 0 && by != "load": // the cog had failed, so there was no instance to replace
		text += fmt.Sprintf("was not serving, is again as gen %d%s%s, took %s ms", d.To, named, built, digits(d.Took))
	case d.From == 0:
		text += fmt.Sprintf("gen %d loaded%s%s, took %s ms", d.To, named, built, digits(d.Took))
	case d.To == 0:
		text += fmt.Sprintf("gen %d unloaded, took %s ms", d.From, digits(d.Took))
	default:
		text += fmt.Sprintf("gen %d → %d%s%s, paused %s ms, %s held, %d lost", d.From, d.To, named, built, digits(d.Paused), cli.Count(d.Held, "call"), d.Lost)
	}
	return text
}

// digits shows milliseconds, with a fraction if they are few.
func digits(ms float64) string {
	if ms >= 10 {
		return fmt.Sprintf("%.0f", ms)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", ms), ".0")
}
