package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func newReload() *command {
	var q admin.ReloadRequest
	return &command{
		name:    "reload",
		params:  "[--fresh] [--force] NAME",
		summary: "replace a cog's instance by a new one",
		details: `No call is lost: calls that run finish on the old instance, later ones run on
the new. If the new one does not set up, the old one serves on and the error
says why. A cog that has failed is revived.`,
		examples: []string{"cogbus reload members", "cogbus reload members --fresh"},
		min:      1,
		max:      1,
		admin:    true,
		flags: func(fs *flag.FlagSet) {
			fs.BoolVar(&q.Fresh, "fresh", q.Fresh, "start without what the old instance kept")
			fs.BoolVar(&q.Force, "force", q.Force, "do not wait for handlers that hang: start from what was last saved")
		},
		run: func(ctx context.Context, s *session, args []string) error {
			q.Name = args[0]
			return change(ctx, s, admin.Reload, q, q.Name)
		},
	}
}

func newRollback() *command {
	return &command{
		name:    "rollback",
		params:  "NAME",
		summary: "put the build in service that served before",
		details: `For cogs that the bot builds from source. It is a reload, with another code: no
call is lost, and what the cog keeps goes over. The next reload builds from the
source again.`,
		examples: []string{"cogbus rollback stats"},
		min:      1,
		max:      1,
		admin:    true,
		run: func(ctx context.Context, s *session, args []string) error {
			return change(ctx, s, admin.Reload, admin.ReloadRequest{Name: args[0], Rollback: true}, args[0])
		},
	}
}

func newUnload() *command {
	return &command{
		name:    "unload",
		params:  "NAME",
		summary: "take a cog and its routes away",
		details: `Its calls finish first; those that take longer than the cog allows are ended.
What it kept is gone.`,
		examples: []string{"cogbus unload members && cogbus load members"},
		min:      1,
		max:      1,
		admin:    true,
		run: func(ctx context.Context, s *session, args []string) error {
			return change(ctx, s, admin.Unload, admin.CogName{Name: args[0]}, args[0])
		},
	}
}

// change asks for a change of the named cog and tells how it went.
func change[Req any](ctx context.Context, s *session, route wire.Route[Req, admin.SwitchResult], req Req, name string) error {
	s.cog = name
	return ask(ctx, s, route, req, func(d admin.SwitchResult) {
		s.out.printf("%s\n", oneLine(changed(d, s.command.name)))
		if d.Note != "" {
			s.out.printf("note: %s\n", oneLine(d.Note))
		}
	})
}

// changed says in one line what has become of a cog by the command.
func changed(d admin.SwitchResult, by string) string {
	text, named, built := d.Cog+": ", "", ""
	if d.Revision != "" {
		named = " (" + d.Revision + ")"
	}
	if d.Built > 0 {
		built = fmt.Sprintf(", built %.2f s", d.Built/1000)
	}
	switch {
	case d.From == 0 && by != "load": // it had failed: there was no instance to replace
		text += fmt.Sprintf("was not serving, is again as gen %d%s%s, took %s ms", d.To, named, built, digits(d.Took))
	case d.From == 0:
		text += fmt.Sprintf("gen %d loaded%s%s, took %s ms", d.To, named, built, digits(d.Took))
	case d.To == 0:
		text += fmt.Sprintf("gen %d unloaded, took %s ms", d.From, digits(d.Took))
	default:
		text += fmt.Sprintf("gen %d → %d%s%s, paused %s ms, %s held, %d lost", d.From, d.To, named, built, digits(d.Paused), count(d.Held, "call"), d.Lost)
	}
	return text
}

// count returns the number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// digits shows milliseconds: fractions only of few.
func digits(ms float64) string {
	if ms >= 10 {
		return fmt.Sprintf("%.0f", ms)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", ms), ".0")
}
