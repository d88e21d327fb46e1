package load

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
)

// routeFlags are the flags that describe a scenario.
type routeFlags struct {
	list          []scenario.Route
	data          string
	expect        []wire.Code
	guilds, users scenario.Population
	think         time.Duration

	names []string // the names of all routes of the flags or the file; set by readScenario
}

func (f *routeFlags) add(text string) error {
	r, err := scenario.ParseRoute(text)
	if err != nil {
		return err
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

// allHaveData reports whether all routes have data, so that --data would have no effect.
func (l *loader) allHaveData() bool {
	return len(l.routes.list) > 0 && !slices.ContainsFunc(l.routes.list, func(r scenario.Route) bool { return r.Data == "" })
}

// readScenario returns the scenario of the file, or of the flags if there is no file.
func (l *loader) readScenario() (scenario.Scenario, error) {
	sc := scenario.Scenario{Routes: l.routes.list}
	switch {
	case l.scenario != "":
		read, err := scenario.Read(l.scenario)
		if err != nil {
			return sc, l.faults(err)
		}
		sc = *read
	case len(sc.Routes) == 0:
		return sc, cli.Usagef("load: nothing to call: want --route NAME, or --scenario FILE; or the name of a cog, to load it")
	}
	for i := range sc.Routes {
		r := &sc.Routes[i]
		if r.Data == "" {
			r.Data = l.routes.data
		}
		r.Expect = append(r.Expect, l.routes.expect...)
	}
	l.override(&sc)
	if _, err := sc.Compile(); err != nil {
		return sc, cli.Usagef("%s", scenarioInFlags(err))
	}
	for _, r := range sc.Routes {
		if !slices.Contains(l.routes.names, r.Name) {
			l.routes.names = append(l.routes.names, r.Name)
		}
	}
	return sc, nil
}

// faults returns the error of a scenario file. If the file has several faults, faults
// prints a line for each. Editors can jump from there to the fault.
func (l *loader) faults(err error) error {
	text := strings.TrimPrefix(err.Error(), "read scenario: ")
	n := strings.Count(text, "\n") + 1
	if n == 1 || l.env.JSON {
		return cli.Usagef("%s", text)
	}
	_, _ = fmt.Fprintf(l.env.Errs, "%s\n", cli.ManyLines(text))
	return cli.Usagef("%s has %d faults", l.scenario, n)
}

// override replaces values of the file by those of flags.
func (l *loader) override(sc *scenario.Scenario) {
	f := &l.routes
	if f.guilds.Count > 0 || len(f.guilds.IDs) > 0 {
		sc.Guilds.Count, sc.Guilds.IDs = f.guilds.Count, f.guilds.IDs
	}
	if f.guilds.Zipf > 0 {
		sc.Guilds.Zipf = f.guilds.Zipf
	}
	if f.users.Count > 0 || len(f.users.IDs) > 0 {
		sc.Users.Count, sc.Users.IDs = f.users.Count, f.users.IDs
	}
	if len(l.given("think")) > 0 {
		sc.Think = f.think
	}
}

// scenarioInFlags replaces names of scenario fields in an error by flags: "route[0].data
// of echo" becomes "data of --route echo".
func scenarioInFlags(err error) string {
	var list []string
	for line := range strings.Lines(err.Error()) {
		path, why, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "scenario: "), ": ")
		field, of, _ := strings.Cut(path, " of ")
		switch {
		case strings.Contains(field, ".expect["):
			path = "--expect"
		case strings.HasSuffix(field, ".data"):
			path = "data of --route " + of
		case strings.HasPrefix(field, "guilds.ids["):
			path = "--guild-ids"
		case strings.HasPrefix(field, "users.ids["):
			path = "--user-ids"
		case field == "guilds.count":
			path = "--guilds"
		case field == "guilds.zipf":
			path = "--zipf"
		case field == "users.count":
			path = "--users"
		}
		if text := path + ": " + why; !slices.Contains(list, text) { // all routes repeat the error of --expect
			list = append(list, text)
		}
	}
	return strings.Join(list, "; ")
}
