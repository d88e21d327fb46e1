package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// mostThings is the limit of callers, of calls in flight and of connections.
const mostThings = 1_000_000

// register adds the flags of load tests, in the groups of the help.
func (l *loader) register() {
	p, r := &l.plan, &l.routes
	l.group("What is called", func(fs flags) {
		fs.add("route", "call `ROUTE`; may be given several times", r.add)
		fs.add("data", "send this `JSON` to routes without DATA; it is a template, too", func(text string) error { r.data = text; return nil })
		fs.add("expect", "errors that count as answers: `CODES`, separated by commas", r.setExpect)
		fs.add("scenario", "read the routes from a `FILE`, .toml or .json; flags for guilds, users and think replace its values", func(text string) error { l.scenario = text; return nil })
		fs.add("guilds", "draw {{guild}} from `N` made-up ids (default 1000)", whole(&r.guilds.Count, 1<<38))
		fs.add("users", "draw {{user}} from `N` made-up ids (default 1000)", whole(&r.users.Count, 1<<38))
		fs.add("guild-ids", "draw {{guild}} from these `IDS`: separated by commas, or @FILE with one a line", setIDs(&r.guilds.IDs))
		fs.add("user-ids", "draw {{user}} from these `IDS`", setIDs(&r.users.IDs))
		fs.add("zipf", "draw guilds with this `EXPONENT`, from 1.001 to 10: a few are busy (default: all are equally likely)", number(&r.guilds.Zipf))
		fs.add("seed", "draw the same calls as another run with this `NUMBER`", whole(&p.Seed, 1<<53-1))
	})
	l.group("A rate: calls are made when they are due", func(fs flags) {
		fs.add("rate/r", "make `N` calls a second; with --find-max, the first rate (default there 100)", number(&p.Rate))
		fs.add("stages", "change the rate by `STAGES`, which also set the duration", func(text string) error { return addStages(&p.Stages, text) })
		fs.add("max-in-flight", "have at most `N` calls in flight (default 100,000)", whole(&p.MaxInFlight, mostThings))
	})
	l.group("Or callers, each of which waits for its answer", func(fs flags) {
		fs.add("callers/c", "have `N` callers (default 1)", whole(&p.Callers, mostThings))
		fs.add("depth", "each caller has `N` calls in flight (default 1)", whole(&p.Depth, mostThings))
		fs.add("think", "callers pause for this `TIME` after each call", period(&r.think, 0))
	})
	l.group("How long", func(fs flags) {
		fs.add("duration/d", "make calls for this `TIME` (default 10s)", period(&p.Duration, 1))
		fs.add("count", "make `N` calls, then end", whole(&p.Count, 1<<53))
		fs.add("warmup", "before that, make calls for this `TIME`; they do not count", period(&p.Warmup, 0))
		fs.add("grace", "at the end, wait for answers for this `TIME` (default: --timeout)", func(text string) error {
			err := period(&p.Grace, 0)(text)
			p.Grace = max(p.Grace, 1) // because 0 means the default
			return err
		})
		fs.add("give-up", "end the run after this `TIME` without an answer and without a connection (default 5s)", period(&p.GiveUp, 1))
	})
	l.group("Connections", func(fs flags) {
		fs.add("connections", "share `N` connections (default: one for each caller, with a rate 16)", whole(&p.Connections, mostThings))
		fs.add("churn", "replace `N` connections a second by new ones, each when its calls are answered", number(&p.Churn))
		fs.add("dialect", "speak `DIALECT`: v1 (default), ipcx, or ipcx-dial, which opens a connection for each call, as the Python package's client does", func(text string) error {
			p.Dialect = loadtest.Dialect(text)
			if p.Dialect != loadtest.V1 && p.Dialect != loadtest.IPCX && p.Dialect != loadtest.IPCXDial {
				return errors.New("want v1, ipcx or ipcx-dial")
			}
			return nil
		})
	})
	l.group("Faults and goals", func(fs flags) {
		fs.add("chaos", "`FAULTS` during the run", func(text string) error { return appendParsed(&p.Faults, text, loadtest.ParseFaults) })
		fs.add("assert", "`GOALS`: if one is missed the exit code is 3", goals(&p.Goals))
		fs.add("abort-on", "end the run when one of these `GOALS` was missed for three seconds", goals(&p.AbortOn))
		fs.add("find-max", "find the highest rate at which these `GOALS` are met, by runs of --duration", goals(&l.findMax))
		fs.add("max-rate", "with --find-max, try no rate above `N`", number(&l.most))
	})
	l.group("Output beside the report", l.out.register)
	_ = l.cmd.RegisterFlagCompletionFunc("route", l.env.CompleteRoutes) // fails only if there is no such flag
	_ = l.cmd.RegisterFlagCompletionFunc("dialect", cobra.FixedCompletions([]string{"v1", "ipcx", "ipcx-dial"}, cobra.ShellCompDirectiveNoFileComp))
}

// group lets define add flags to those of the command, under a title of the help.
func (l *loader) group(title string, define func(flags)) {
	cli.AddFlags(l.cmd, title, func(fs *pflag.FlagSet) { define(flags{fs}) })
}

// flags are the flags of one group.
type flags struct{ *pflag.FlagSet }

// add adds a flag. set reads its value. name may end with / and a letter for a short flag.
func (f flags) add(name, usage string, set func(text string) error) {
	name, short, _ := strings.Cut(name, "/")
	f.FuncP(name, short, usage, func(text string) error { return once(text, set(text)) })
}

// once removes the flag's value from an error about the flag, since the user's message
// already begins with it. If the value is a list, the error keeps the wrong entry.
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

// trimPackage removes the name of the package from an error.
func trimPackage(text string) string {
	return strings.TrimPrefix(strings.TrimPrefix(text, "loadtest: "), "scenario: ")
}

func goals(to *[]loadtest.Goal) func(string) error {
	return func(text string) error { return appendParsed(to, text, loadtest.ParseGoals) }
}

// appendParsed adds to the values of a flag that may be given several times.
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

// period reads a time that must not be shorter than least.
func period(to *time.Duration, least time.Duration) func(string) error {
	return func(text string) error {
		d, err := cli.ParsePeriod(text)
		if err == nil && d < least {
			err = errors.New("want a time above 0")
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
		d, err := cli.ParsePeriod(over)
		if err != nil {
			return fmt.Errorf("stage %q: %w", part, err)
		}
		*to = append(*to, loadtest.Stage{Rate: n, Over: d})
	}
	return nil
}
