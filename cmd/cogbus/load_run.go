package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
)

// run makes the load that the flags ask for, and reports.
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

// announce says what a Ctrl-C waits for: a bot that hangs would make it look
// ignored. What it returns is to be called at the end of the run.
func (l *loader) announce(ctx context.Context, p *loadtest.Plan) (done func()) {
	grace := cmp.Or(p.Grace, p.Timeout, 10*time.Second) // as the run has it
	if grace < time.Millisecond {
		return func() {}
	}
	said := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(said)
		text := fmt.Sprintf("waiting up to %s for answers; Ctrl-C again ends now, without a report", grace)
		if l.s.json {
			l.s.warn(text)
			return
		}
		_, _ = fmt.Fprintf(l.s.errs, "%s\n", text)
	})
	return func() {
		if !stop() {
			<-said
		}
	}
}

// prepare returns the plan, when all that the flags name is in order. The outputs
// are to be closed then.
func (l *loader) prepare() (loadtest.Plan, error) {
	p := l.plan
	if err := l.check(); err != nil {
		return p, err
	}
	var err error
	if p.Scenario, err = l.readScenario(); err != nil {
		return p, err
	}
	bot, err := l.s.connect() // a wrong address is told before anything else is done
	if err != nil {
		return p, err
	}
	_ = bot.Close()
	p.Target, _ = l.s.address()
	p.Client = l.s.client
	p.Timeout = l.s.timeout
	p.AdminSecret = l.s.getenv("COGBUS_ADMIN_SECRET")
	if err := l.out.open(l.s); err != nil {
		return p, err
	}
	p.Progress = l.out.progress
	return p, nil
}

// check finds flags that do not go together: none is ignored.
func (l *loader) check() error {
	scheduled := l.given("rate", "stages")
	for _, rule := range []struct {
		applies bool
		flags   []string
		why     string
	}{
		{l.scenario != "", []string{"route", "data", "expect"}, "--scenario says what is called"},
		{len(l.routes.guilds.IDs) > 0, []string{"guilds"}, "--guild-ids says which guilds there are"},
		{len(l.routes.users.IDs) > 0, []string{"users"}, "--user-ids says which users there are"},
		{len(l.findMax) > 0, []string{"stages", "callers", "depth", "count", "think"}, "--find-max sets the rate itself"},
		{len(l.findMax) > 0, []string{"assert"}, "--find-max has goals of its own"},
		{len(l.findMax) > 0, []string{"json-stream"}, "--find-max makes several runs: --json has what came of each"},
		{len(l.findMax) == 0, []string{"max-rate"}, "there is no --find-max"},
		{len(scheduled) > 0, []string{"callers", "depth", "think"}, "with " + dashed(and(scheduled)) + " calls are made when they are due"},
		{len(scheduled) == 0 && len(l.findMax) == 0, []string{"max-in-flight"}, "there is no --rate"},
		{l.allHaveData(), []string{"data"}, "each --route has data of its own"},
	} {
		if given := l.given(rule.flags...); rule.applies && len(given) > 0 {
			for i := range given {
				given[i] = dashed(given[i])
			}
			return usagef("load", "%s: leave out %s", rule.why, and(given))
		}
	}
	if n := max(l.plan.Callers, 1) * max(l.plan.Depth, 1); n > mostThings {
		return usagef("load", "--callers times --depth is %s: want %s at most", figure(float64(n)), figure(mostThings))
	}
	return nil
}

// sign adds to a report what it was made with.
func (l *loader) sign(r *loadtest.Report) {
	r.Machine.Command = l.out.command
	r.Machine.Cogbus = readVersion().Version
}

// planInFlags tells what is wrong with a plan in words of this program.
func planInFlags(err error) string {
	return strings.NewReplacer(
		"AbortOn", "--abort-on",
		"needs the admin secret", "needs the admin secret: set COGBUS_ADMIN_SECRET",
		"a rate makes calls when they are due: think time is for a closed loop", "with a rate calls are made when they are due: leave out think in the scenario",
	).Replace(inFlags(strings.TrimPrefix(err.Error(), "loadtest: ")))
}
