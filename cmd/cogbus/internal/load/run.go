package load

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// run makes the load test that the flags describe, and reports.
func (l *loader) run(ctx context.Context) error {
	p, err := l.prepare()
	if err != nil {
		return err
	}
	defer l.out.close()
	defer l.announce(ctx, &p)()
	if len(l.findMax) > 0 {
		return l.search(ctx, p)
	}
	r, err := loadtest.Run(ctx, p)
	if r == nil {
		return l.failed(ctx, nil, err)
	}
	l.sign(r)
	if err := l.out.report(r); err != nil {
		return err
	}
	return l.outcome(ctx, r, err)
}

// announce tells the user after a Ctrl-C that the run waits for answers. Otherwise the
// Ctrl-C would seem to have no effect while a bot hangs. The caller must call done at the
// end of the run.
func (l *loader) announce(ctx context.Context, p *loadtest.Plan) (done func()) {
	grace := cmp.Or(p.Grace, p.Timeout, 10*time.Second) // the same rule as in package loadtest
	if grace < time.Millisecond {
		return func() {}
	}
	said := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(said)
		text := fmt.Sprintf("waiting up to %s for answers; Ctrl-C again ends now, without a report", grace)
		if l.env.JSON {
			l.env.Warn(text)
			return
		}
		_, _ = fmt.Fprintf(l.env.Errs, "%s\n", text)
	})
	return func() {
		if !stop() {
			<-said
		}
	}
}

// prepare checks the flags, opens the outputs and returns the plan. The caller must close
// the outputs unless there is an error.
func (l *loader) prepare() (loadtest.Plan, error) {
	p := l.plan
	if err := l.check(); err != nil {
		return p, err
	}
	var err error
	if p.Scenario, err = l.readScenario(); err != nil {
		return p, err
	}
	bot, err := l.env.Connect() // finds a wrong address first
	if err != nil {
		return p, err
	}
	_ = bot.Close()
	p.Target, _ = l.env.Address()
	if p.Client, err = l.env.ClientOptions(); err != nil {
		return p, err
	}
	p.Timeout = l.env.Timeout
	p.AdminSecret = l.env.Getenv("COGBUS_ADMIN_SECRET")
	if err := l.out.open(l.env); err != nil {
		return p, err
	}
	p.Progress = l.out.progress
	return p, nil
}

// check returns a usage error for flags that contradict each other, so that the program
// does not ignore a flag without a word.
func (l *loader) check() error {
	scheduled := l.given("rate", "stages")
	for _, rule := range []struct {
		applies bool
		flags   []string
		why     string
	}{
		{l.scenario != "", []string{"route", "data", "expect"}, "--scenario names the routes"},
		{len(l.routes.guilds.IDs) > 0, []string{"guilds"}, "--guild-ids names the guilds"},
		{len(l.routes.users.IDs) > 0, []string{"users"}, "--user-ids names the users"},
		{len(l.findMax) > 0, []string{"stages", "callers", "depth", "count", "think"}, "--find-max sets the rate itself"},
		{len(l.findMax) > 0, []string{"assert"}, "--find-max has its own goals"},
		{len(l.findMax) > 0, []string{"json-stream"}, "--find-max makes several runs: --json has the result of each"},
		{len(l.findMax) == 0, []string{"max-rate"}, "without --find-max this has no effect"},
		{len(scheduled) > 0, []string{"callers", "depth", "think"}, "with " + cli.Dashed(and(scheduled)) + " calls are made when they are due"},
		{len(scheduled) == 0 && len(l.findMax) == 0, []string{"max-in-flight"}, "without --rate this has no effect"},
		{l.allHaveData(), []string{"data"}, "each --route has its own data"},
	} {
		if given := l.given(rule.flags...); rule.applies && len(given) > 0 {
			for i := range given {
				given[i] = cli.Dashed(given[i])
			}
			return cli.Usagef("%s: leave out %s", rule.why, and(given))
		}
	}
	if n := max(l.plan.Callers, 1) * max(l.plan.Depth, 1); n > mostThings {
		return cli.Usagef("--callers times --depth is %s: want %s at most", figure(float64(n)), figure(mostThings))
	}
	return nil
}

// sign adds the command line and the version to a report.
func (l *loader) sign(r *loadtest.Report) {
	r.Machine.Command = l.out.command
	r.Machine.Cogbus = cli.ReadVersion().Version
}

// planInFlags replaces fields of a plan in an error by flags of this program.
func planInFlags(err error) string {
	return strings.NewReplacer(
		"AbortOn", "--abort-on",
		"needs the admin secret", "needs the admin secret: set COGBUS_ADMIN_SECRET",
		"a rate makes calls when they are due: think time is for a closed loop", "with a rate calls are made when they are due: leave out think in the scenario",
	).Replace(cli.InFlags(strings.TrimPrefix(err.Error(), "loadtest: ")))
}
