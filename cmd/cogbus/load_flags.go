package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
)

// loadGroups are the flags as the help has them.
func loadGroups() []flagGroup {
	return []flagGroup{
		{"What is called", "route data expect scenario guilds users guild-ids user-ids zipf seed"},
		{"A rate: calls are made when they are due", "rate/r stages max-in-flight"},
		{"Or callers, each of which waits for its answer", "callers/c depth think"},
		{"How long", "duration/d count warmup grace give-up"},
		{"Connections", "connections churn dialect"},
		{"Faults and goals", "chaos assert abort-on find-max max-rate"},
		{"Output beside the report", "html out hgrm json-stream prom"},
	}
}

const shortFor = "short for --"

// mostThings bounds callers, calls and connections that are there at a time.
const mostThings = 1_000_000

// register adds the flags of load tests. Each notes that it was given: a cog is
// loaded without any.
func (l *loader) register(fs *flag.FlagSet) {
	p, r := &l.plan, &l.routes
	add := func(name, usage string, set func(text string) error) {
		fs.Func(name, usage, func(text string) error {
			l.note(fs, name)
			return once(text, set(text))
		})
	}
	add("route", "call `ROUTE`; may stand several times", r.add)
	add("data", "what routes without DATA are sent: `JSON`, a template like it", func(text string) error { r.data = text; return nil })
	add("expect", "errors that count as answers: `CODES`, separated by commas", r.setExpect)
	add("scenario", "read what to call from a `FILE`, .toml or .json; flags on guilds, users and think go before it", func(text string) error { l.scenario = text; return nil })
	add("guilds", "draw {{guild}} from `N` made-up ids (default 1000)", whole(&r.guilds.Count, 1<<38))
	add("users", "draw {{user}} from `N` made-up ids (default 1000)", whole(&r.users.Count, 1<<38))
	add("guild-ids", "draw {{guild}} from these `IDS`: separated by commas, or @FILE with one a line", setIDs(&r.guilds.IDs))
	add("user-ids", "draw {{user}} from these `IDS`", setIDs(&r.users.IDs))
	add("zipf", "draw guilds with this `EXPONENT`, from 1.001 to 10: a few are busy (default: all the same)", number(&r.guilds.Zipf))
	add("seed", "draw the same calls as another run with this `NUMBER`", whole(&p.Seed, 1<<53-1))

	add("rate", "make `N` calls a second; with --find-max, begin with as many (default there 100)", number(&p.Rate))
	add("r", shortFor+"rate: `N`", number(&p.Rate))
	add("stages", "change the rate by `STAGES`; they say how long, too", func(text string) error { return addStages(&p.Stages, text) })
	add("max-in-flight", "have at most `N` calls under way (default 100,000)", whole(&p.MaxInFlight, mostThings))

	add("callers", "have `N` callers (default 1)", whole(&p.Callers, mostThings))
	add("c", shortFor+"callers: `N`", whole(&p.Callers, mostThings))
	add("depth", "each caller has `N` calls under way (default 1)", whole(&p.Depth, mostThings))
	add("think", "callers pause for this `TIME` after each call", period(&r.think, 0))

	add("duration", "make calls for this `TIME` (default 10s)", period(&p.Duration, 1))
	add("d", shortFor+"duration: `TIME`", period(&p.Duration, 1))
	add("count", "make `N` calls, then end", whole(&p.Count, 1<<53))
	add("warmup", "before that, make calls for this `TIME` that do not count", period(&p.Warmup, 0))
	add("grace", "at the end, wait for answers for this `TIME` (default: --timeout)", func(text string) error {
		err := period(&p.Grace, 0)(text)
		p.Grace = max(p.Grace, 1) // 0 would be the default
		return err
	})
	add("give-up", "end when for this `TIME` nothing was answered and there was no connection (default 5s)", period(&p.GiveUp, 1))

	add("connections", "share `N` connections (default: one for each caller, with a rate 16)", whole(&p.Connections, mostThings))
	add("churn", "replace `N` of them a second by new ones, when their calls are answered", number(&p.Churn))
	add("dialect", "speak `DIALECT`: v1 (default), ipcx, or ipcx-dial, which takes a connection for each call as the Python package's client does", func(text string) error {
		p.Dialect = loadtest.Dialect(text)
		if p.Dialect != loadtest.V1 && p.Dialect != loadtest.IPCX && p.Dialect != loadtest.IPCXDial {
			return errors.New("want v1, ipcx or ipcx-dial")
		}
		return nil
	})

	add("chaos", "`FAULTS` during the run", func(text string) error { return appendParsed(&p.Faults, text, loadtest.ParseFaults) })
	add("assert", "`GOALS`: if one is missed the exit code is 3", goals(&p.Goals))
	add("abort-on", "end the run when one of these `GOALS` was missed for three seconds", goals(&p.AbortOn))
	add("find-max", "find the highest rate at which these `GOALS` are met, by runs of --duration", goals(&l.findMax))
	add("max-rate", "with --find-max, try no rate above `N`", number(&l.most))
	l.out.register(add)
	fs.BoolFunc("json-stream", "print a line of JSON for each second, and the report as the last line", func(text string) (err error) {
		l.note(fs, "json-stream")
		if l.out.stream, err = strconv.ParseBool(text); err != nil {
			err = errors.New("want true or false, or nothing")
		}
		return err
	})
}

// once takes a value off the error about it: the flag's error begins with it. Of
// several faults or goals the error says which one is meant.
func once(text string, err error) error {
	if err == nil {
		return nil
	}
	why := trimPackage(err.Error())
	for _, what := range []string{"route", "stage", "fault", "goal"} {
		why = strings.TrimPrefix(why, fmt.Sprintf("%s %q: ", what, text))
	}
	return errors.New(why)
}

// trimPackage takes the name of the package off an error.
func trimPackage(text string) string {
	return strings.TrimPrefix(strings.TrimPrefix(text, "loadtest: "), "scenario: ")
}

func goals(to *[]loadtest.Goal) func(string) error {
	return func(text string) error { return appendParsed(to, text, loadtest.ParseGoals) }
}

// appendParsed lets a flag stand several times.
func appendParsed[T any](to *[]T, text string, parse func(string) ([]T, error)) error {
	list, err := parse(text)
	*to = append(*to, list...)
	return err
}

func whole[T int | int64 | uint64](to *T, most int64) func(string) error {
	return func(text string) error {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 || n > most || int64(T(n)) != n {
			return fmt.Errorf("want a whole number from 1 to %s", figure(float64(most)))
		}
		*to = T(n)
		return nil
	}
}

func number(to *float64) func(string) error {
	return func(text string) error {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n > 0) || n > 1e9 {
			return errors.New("want a number above 0, up to a billion")
		}
		*to = n
		return nil
	}
}

// period reads a time. If least is not zero, nothing is none.
func period(to *time.Duration, least time.Duration) func(string) error {
	return func(text string) error {
		d, err := parsePeriod(text)
		if err == nil && d < least {
			err = errors.New("want more than nothing")
		}
		*to = d
		return err
	}
}

// addStages reads RATE:TIME,…
func addStages(to *[]loadtest.Stage, text string) error {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		rate, over, ok := strings.Cut(part, ":")
		n, err := strconv.ParseFloat(rate, 64)
		if !ok || err != nil || !(n >= 0) || n > 1e9 {
			return fmt.Errorf("stage %q: want RATE:TIME, such as 500:1m", part)
		}
		d, err := parsePeriod(over)
		if err != nil {
			return fmt.Errorf("stage %q: %w", part, err)
		}
		*to = append(*to, loadtest.Stage{Rate: n, Over: d})
	}
	return nil
}
