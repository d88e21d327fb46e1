package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/wire"
)

// register adds the flags of load tests. Each notes that it was given: a cog is
// loaded without any.
func (l *loader) register(fs *flag.FlagSet) {
	p := &l.plan
	add := func(name, usage string, set func(text string) error) {
		fs.Func(name, usage, func(text string) error {
			l.note(fs, name)
			return set(text)
		})
	}
	count := func(name, usage string, to *int) {
		add(name, usage, func(text string) (err error) {
			*to, err = wholeNumber(text)
			return err
		})
	}
	period := func(name, usage string, to *time.Duration) {
		add(name, usage, func(text string) (err error) {
			*to, err = parsePeriod(text)
			return err
		})
	}
	number := func(name, usage string, to *float64) {
		add(name, usage, func(text string) (err error) {
			*to, err = positive(text)
			return err
		})
	}
	add("route", "call `ROUTE`: NAME, NAME*WEIGHT or NAME*WEIGHT=DATA; may stand several times", l.routes.add)
	add("data", "what routes without data of their own are sent: `JSON`, as a template", func(text string) error { l.routes.data = text; return nil })
	add("expect", "errors that count as answers: `CODE`s, separated by commas", l.routes.setExpect)
	add("scenario", "read what to call from a `FILE`, .toml or .json", func(text string) error { l.scenario = text; return nil })
	count("guilds", "draw {{guild}} from `N` guilds (default 1000)", &l.routes.guilds.Count)
	count("users", "draw {{user}} from `N` users (default 1000)", &l.routes.users.Count)
	number("zipf", "draw guilds with this `EXPONENT` above 1: a few are busy (default: all the same)", &l.routes.guilds.Zipf)
	period("think", "callers pause for this `TIME` after each call", &l.routes.think)

	number("rate", "make `N` calls a second, when they are due", &p.Rate)
	number("r", "short for --rate: `N`", &p.Rate)
	add("stages", "change the rate: `RATE:TIME`,…", func(text string) (err error) { p.Stages, err = parseStages(text); return err })
	count("callers", "without a rate: `N` callers, each of which waits for its answer (default 1)", &p.Callers)
	count("c", "short for --callers: `N`", &p.Callers)
	count("depth", "each caller has `N` calls under way (default 1)", &p.Depth)
	count("connections", "share `N` connections (default: one for each caller, with a rate 16)", &p.Connections)
	period("duration", "make calls for this `TIME` (default 10s)", &p.Duration)
	period("d", "short for --duration: `TIME`", &p.Duration)
	add("count", "make `N` calls, then end", func(text string) error {
		n, err := wholeNumber(text)
		p.Count = int64(n)
		return err
	})
	period("warmup", "make calls for this `TIME` before any is counted", &p.Warmup)
	period("grace", "at the end wait for answers for this `TIME` (default: --timeout)", &p.Grace)
	number("churn", "replace `N` connections a second by new ones, without a lost call", &p.Churn)
	add("dialect", "speak `v1`, ipcx, or ipcx-dial: a connection a call, as the Python package's client does", func(text string) error {
		p.Dialect = loadtest.Dialect(text)
		if p.Dialect != loadtest.V1 && p.Dialect != loadtest.IPCX && p.Dialect != loadtest.IPCXDial {
			return errors.New("want v1, ipcx or ipcx-dial")
		}
		return nil
	})
	count("max-in-flight", "with a rate: have at most `N` calls under way (default 100000)", &p.MaxInFlight)
	add("seed", "draw the same calls as another run with this `NUMBER`", func(text string) (err error) {
		p.Seed, err = strconv.ParseUint(text, 10, 53)
		if err != nil {
			err = errors.New("want a whole number below 2^53")
		}
		return err
	})
	add("chaos", "`FAULTS` during the run, such as reload=COG@10s,churn=50/s", func(text string) (err error) { p.Faults, err = loadtest.ParseFaults(text); return err })
	add("assert", "`GOALS`: missing one is exit code 3", goals(&p.Goals))
	add("abort-on", "end the run when one of these `GOALS` was missed for three seconds", goals(&p.AbortOn))
	add("find-max", "find the highest rate at which these `GOALS` are met, by runs of --duration", goals(&l.findMax))
	number("max-rate", "try no rate above `N` with --find-max", &l.most)
	l.out.register(add)
}

func goals(to *[]loadtest.Goal) func(string) error {
	return func(text string) (err error) {
		*to, err = loadtest.ParseGoals(text)
		return err
	}
}

func wholeNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, errors.New("want a whole number from 1")
	}
	return n, nil
}

func positive(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || n > 1e9 {
		return 0, errors.New("want a number above 0")
	}
	return n, nil
}

// parseStages reads RATE:TIME,…
func parseStages(text string) ([]loadtest.Stage, error) {
	var list []loadtest.Stage
	for part := range strings.SplitSeq(text, ",") {
		rate, over, ok := strings.Cut(strings.TrimSpace(part), ":")
		n, err := strconv.ParseFloat(rate, 64)
		if !ok || err != nil || !(n >= 0) || n > 1e9 {
			return nil, fmt.Errorf("stage %q: want RATE:TIME, such as 500:1m", part)
		}
		d, err := parsePeriod(over)
		if err != nil {
			return nil, fmt.Errorf("stage %q: %w", part, err)
		}
		list = append(list, loadtest.Stage{Rate: n, Over: d})
	}
	return list, nil
}

// routeFlags are the scenario that the flags tell.
type routeFlags struct {
	list          []scenario.Route
	data          string
	expect        []wire.Code
	guilds, users scenario.Population
	think         time.Duration
}

func (f *routeFlags) add(text string) error {
	r, err := scenario.ParseRoute(text)
	if err != nil {
		return errors.New(trimPackage(err.Error()))
	}
	f.list = append(f.list, r)
	return nil
}

func (f *routeFlags) setExpect(text string) error {
	for code := range strings.SplitSeq(text, ",") {
		if code = strings.TrimSpace(code); code == "" {
			return errors.New("want codes such as not_found,forbidden")
		}
		f.expect = append(f.expect, wire.Code(code))
	}
	return nil
}

// readScenario returns what is called: by the file, or by the flags.
func (l *loader) readScenario() (scenario.Scenario, error) {
	f := &l.routes
	if l.scenario != "" {
		if len(f.list) > 0 || f.data != "" || len(f.expect) > 0 {
			return scenario.Scenario{}, usagef("load", "load: --scenario says what is called: leave out --route, --data and --expect")
		}
		sc, err := scenario.Read(l.scenario)
		if err != nil {
			return scenario.Scenario{}, usagef("load", "load: %s", trimPackage(err.Error()))
		}
		return *l.overridden(sc), nil
	}
	if len(f.list) == 0 {
		return scenario.Scenario{}, usagef("load", "load: nothing to call: want --route members.count, or --scenario FILE; to load a cog, its name")
	}
	sc := &scenario.Scenario{Routes: f.list}
	for i := range sc.Routes {
		r := &sc.Routes[i]
		if r.Data == "" {
			r.Data = f.data
		}
		r.Expect = append(r.Expect, f.expect...)
	}
	return *l.overridden(sc), nil
}

// overridden lets flags go before the file.
func (l *loader) overridden(sc *scenario.Scenario) *scenario.Scenario {
	f := &l.routes
	if f.guilds.Count > 0 {
		sc.Guilds.Count, sc.Guilds.IDs = f.guilds.Count, nil
	}
	if f.guilds.Zipf > 0 {
		sc.Guilds.Zipf = f.guilds.Zipf
	}
	if f.users.Count > 0 {
		sc.Users.Count, sc.Users.IDs = f.users.Count, nil
	}
	if f.think > 0 {
		sc.Think = f.think
	}
	return sc
}

// trimPackage takes the name of the package off an error.
func trimPackage(text string) string {
	for _, name := range []string{"loadtest: ", "scenario: "} {
		text = strings.TrimPrefix(text, name)
	}
	return text
}
