package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

func newLoad() *command {
	l := &loader{}
	return &command{
		name:    "load",
		params:  "--route ROUTE… [FLAGS] | load diff BEFORE.json AFTER.json | load NAME",
		summary: "make load on the bot and measure; with a name, load that cog",
		details: `With --rate or --stages, calls are made when they are due, whatever became of
those before, and the response time begins when a call was due: a bot that stops
for a moment is charged for all that this delays. Without, --callers wait for
each answer and call again; the default is one.

A ROUTE is a name, with *WEIGHT for its share of the calls and =DATA for what it
is sent: 'members.count*9={"guild_id":"{{guild}}"}'. Data are templates with
{{guild}}, {{user}}, {{seq}}, {{rand}}, {{rand 10 99}} and {{pad 100}}. A file of
a --scenario says the same and more.

Stages are RATE:TIME, and the rate rises or falls over that time, from --rate or
nothing: 500:1m,500:2m,0:10s. Faults, of --chaos, are reload=COG@10s,
kill=COG@20s, unload=COG@5s, load=COG@8s, slow-reader=3, churn=50/s@5s+2s and
partition=2@10s+2s; those on cogs take the admin secret of COGBUS_ADMIN_SECRET.
Goals, of --assert, bound p50 to p99.99, max, mean, service.p99, err, unanswered
and rps: 'p99<5ms,err<0.1%,rps>=9000'. One that is missed is exit code 3.

Give the generator a machine, or at least cores, of its own. It says when it was
the bottleneck itself.

"load diff" tells which figures of two --out files differ by more than noise, and
exits with 3 if one is worse. Several runs of one side are separated by commas.

"load NAME" has nothing to do with that: it loads a cog that was unloaded. A bot
can load the cogs that it had loaded since it was started; new ones take a new
start.`,
		examples: []string{
			`cogbus load --route 'members.count={"guild":"{{guild}}"}' --rate 200 --duration 1s`,
			`cogbus load --route echo --callers 4 --depth 8 --count 1000 --assert 'err<0.1%'`,
			`cogbus load --route echo --rate 100 --duration 1s --chaos reload=members@500ms --html report.html --out after.json`,
			"cogbus unload members && cogbus load members",
		},
		max:   3,
		flags: l.register,
		run: func(ctx context.Context, s *session, args []string) error {
			l.s = s
			switch {
			case len(args) == 0:
				return l.run(ctx)
			case len(args) == 3 && args[0] == "diff":
				return l.diff(args[1], args[2])
			case args[0] == "diff" && len(args) == 2:
				return usagef("load", "load diff: want two files, such as before.json after.json")
			case len(args) > 1:
				return usagef("load", "load: one argument too many: %q", args[1])
			case l.given():
				return usagef("load", "load %s: a cog is loaded without flags of load tests; a load test names its routes by --route %[1]s", args[0])
			}
			s.command.admin = true
			return change(ctx, s, wire.LoadCog, wire.CogName{Name: args[0]}, args[0])
		},
	}
}

// A loader is the load test that the flags ask for.
type loader struct {
	s    *session
	plan loadtest.Plan
	set  []string // flags that were given

	scenario string // file
	routes   routeFlags
	findMax  []loadtest.Goal
	most     float64
	out      outputs
}

// given reports whether a flag of load tests was.
func (l *loader) given() bool { return len(l.set) > 0 }

func (l *loader) run(ctx context.Context) error {
	s := l.s
	o, err := s.options()
	if err != nil {
		return err
	}
	p := l.plan
	p.Target, _ = s.address()
	p.Client = o
	p.Timeout = s.timeout
	p.AdminSecret = s.getenv("COGBUS_ADMIN_SECRET")
	if p.Scenario, err = l.readScenario(); err != nil {
		return err
	}
	if err := l.out.open(l); err != nil {
		return err
	}
	defer l.out.close()
	p.Progress = l.out.progress
	if len(l.findMax) > 0 {
		return l.search(ctx, p)
	}
	r, err := loadtest.Run(ctx, p)
	if r == nil {
		return l.failed(ctx, err)
	}
	r.Machine.Command = l.out.command
	r.Machine.Cogbus = readVersion().Version
	if err := l.out.report(r); err != nil {
		return err
	}
	return l.outcome(r, err)
}

// failed is the error of a run without a report.
func (l *loader) failed(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*wire.Error](err); ok {
		if ctx.Err() != nil {
			return err
		}
		return &advised{err, l.s.adviseOn(err)}
	}
	return usagef("load", "%s", inFlags(trimPackage(err.Error())))
}

// outcome returns the error that has the exit code of a run.
func (l *loader) outcome(r *loadtest.Report, err error) error {
	switch r.End {
	case loadtest.EndRefused:
		return &advised{err, l.s.adviseOn(err)}
	case loadtest.EndLost:
		return &exitError{errors.New(r.EndedBy), exitUnreachable}
	case loadtest.EndInterrupted:
		return &exitError{errors.New("interrupted: the report is that of the calls up to now"), exitInterrupted}
	case loadtest.EndAborted:
		return &exitError{fmt.Errorf("aborted: %s", r.EndedBy), exitAssertion}
	case loadtest.EndDone:
	}
	var missed []string
	for _, v := range r.Goals {
		if !v.Met {
			missed = append(missed, fmt.Sprintf("%s (it is %s)", v.Goal, figure(v.Got)))
		}
	}
	if len(missed) > 0 {
		return &exitError{fmt.Errorf("missed %s", and(missed)), exitAssertion}
	}
	return nil
}

// search looks for the highest rate at which the goals are met.
func (l *loader) search(ctx context.Context, p loadtest.Plan) error {
	p.Progress = nil // each try has a line
	search := loadtest.Search{Goals: l.findMax, Most: l.most, Progress: func(t loadtest.Try) {
		if !l.s.json {
			l.s.out.printf("%s\n", tried(t))
		}
	}}
	f, err := loadtest.FindMax(ctx, p, search)
	if err != nil {
		return l.failed(ctx, err)
	}
	if l.s.json {
		text, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return fmt.Errorf("encode what was found: %w", err)
		}
		l.s.out.printf("%s\n", text)
	} else if f.Rate > 0 {
		l.s.out.printf("\nholds at %s calls/s; above: %s\n", figure(f.Rate), oneLine(f.Limit))
	}
	if f.Report != nil {
		f.Report.Machine.Command = l.out.command
		if err := l.out.files(f.Report); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return &exitError{errors.New(f.Limit), exitInterrupted}
	}
	if f.Rate == 0 {
		return &exitError{fmt.Errorf("no rate holds: %s", f.Limit), exitAssertion}
	}
	return nil
}

// tried is one line on a try.
func tried(t loadtest.Try) string {
	text := fmt.Sprintf("%10s calls/s  %-5s", figure(t.Rate), map[bool]string{true: "holds", false: "no"}[t.Held])
	for _, v := range t.Verdicts {
		text += fmt.Sprintf("  %s: %s", v.Goal, figure(v.Got))
	}
	for _, why := range t.Invalid {
		text += "  invalid: " + why
	}
	return text
}

// and lists things as people do.
func and(list []string) string {
	n := len(list)
	if n < 2 {
		return list[0]
	}
	text := ""
	for i, thing := range list[:n-1] {
		if i > 0 {
			text += ", "
		}
		text += thing
	}
	return text + " and " + list[n-1]
}

// note keeps that a flag was given.
func (l *loader) note(fs *flag.FlagSet, name string) {
	if !slices.Contains(l.set, name) && fs.Lookup(name) != nil {
		l.set = append(l.set, name)
	}
}
