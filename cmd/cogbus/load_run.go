package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

// run makes the load that the flags ask for, and reports.
func (l *loader) run(ctx context.Context) error {
	p, err := l.prepare()
	if err != nil {
		return err
	}
	defer l.out.close()
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

// failed is the error of a run that could not be made. Its report may be nil.
func (l *loader) failed(ctx context.Context, r *loadtest.Report, err error) error {
	e, ok := errors.AsType[*wire.Error](err)
	switch {
	case !ok:
		return usagef("load", "%s", planInFlags(err))
	case ctx.Err() != nil:
		return e
	case e.Code == wire.NoRoute:
		return l.unknownRoute(ctx, r, e)
	}
	return &advised{e, l.s.adviseOn(err)}
}

// planInFlags tells what is wrong with a plan in words of this program.
func planInFlags(err error) string {
	return strings.NewReplacer(
		"AbortOn", "--abort-on",
		"needs the admin secret", "needs the admin secret: set COGBUS_ADMIN_SECRET",
		"a rate makes calls when they are due: think time is for a closed loop", "with a rate calls are made when they are due: leave out think in the scenario",
	).Replace(inFlags(strings.TrimPrefix(err.Error(), "loadtest: ")))
}

// unknownRoute adds routes that are like the one that there is not, which the
// report names if there are several; nil: there is none.
func (l *loader) unknownRoute(ctx context.Context, r *loadtest.Report, e *wire.Error) error {
	var names []string
	if r != nil {
		for _, f := range r.Errors {
			if f.Code == wire.NoRoute {
				names = append(names, f.Route)
			}
		}
	} else {
		names = l.routes.names
	}
	bot, err := l.s.connect()
	if err != nil {
		return err
	}
	defer func() { _ = bot.Close() }()
	if len(names) != 1 {
		return &advised{e, "cogbus routes lists what there is"}
	}
	return l.s.advise(ctx, bot, names[0], e)
}

// outcome returns the error that has the exit code of a run.
func (l *loader) outcome(ctx context.Context, r *loadtest.Report, err error) error {
	switch r.End {
	case loadtest.EndRefused, loadtest.EndLost:
		return l.failed(ctx, r, err)
	case loadtest.EndInterrupted:
		return &exitError{errors.New("interrupted: the report is that of the calls up to now"), exitInterrupted}
	case loadtest.EndAborted:
		return &exitError{fmt.Errorf("aborted: %s", r.EndedBy), exitAssertion}
	case loadtest.EndDone:
	}
	missed := slices.DeleteFunc(slices.Clone(r.Goals), func(v loadtest.Verdict) bool { return v.Met })
	var list []string
	for _, v := range missed {
		list = append(list, fmt.Sprintf("%s (%s)", v.Goal, got(v, r)))
	}
	if len(list) > 0 {
		return &exitError{fmt.Errorf("missed %s", and(list)), exitAssertion}
	}
	return nil
}
