package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
)

// notes returns the reasons why the runs are hard to compare: differences between
// their loads or machines, and problems of single runs.
func notes(before, after []*loadtest.Report) []string {
	var all []string
	for _, property := range []struct {
		name string
		of   func(*loadtest.Report) string
	}{
		{"dialects", func(r *loadtest.Report) string { return string(r.Load.Dialect) }},
		{"kinds of target", func(r *loadtest.Report) string { kind, _, _ := strings.Cut(r.Load.Target, ":"); return kind }},
		{"kinds of load", kindOfLoad},
		{"rates", rate},
		{"callers", func(r *loadtest.Report) string { return fmt.Sprint(r.Load.Callers) }},
		{"depths", func(r *loadtest.Report) string { return fmt.Sprint(r.Load.Depth) }},
		{"connections", func(r *loadtest.Report) string { return fmt.Sprint(r.Load.Connections) }},
		{"routes", func(r *loadtest.Report) string {
			return strings.Join(slices.Sorted(slices.Values(r.Load.Routes)), ", ")
		}},
		{"calls", func(r *loadtest.Report) string { return calls(&r.Load) }},
		{"guilds", func(r *loadtest.Report) string { return population(r.Load.Guilds) }},
		{"users", func(r *loadtest.Report) string { return population(r.Load.Users) }},
		{"timeouts", func(r *loadtest.Report) string { return fmt.Sprintf("%v ms", r.Load.Timeout) }},
		{"think times", func(r *loadtest.Report) string { return fmt.Sprintf("%v ms", r.Load.Think) }},
		{"churn", func(r *loadtest.Report) string { return fmt.Sprintf("%v/s", r.Load.Churn) }},
		{"faults", func(r *loadtest.Report) string { return strings.Join(r.Load.Faults, ", ") }},
		{"lengths of a sample", interval},
		{"machines", func(r *loadtest.Report) string {
			return fmt.Sprintf("%s, %s, %d cores", r.Machine.System, r.Machine.CPU, r.Machine.Cores)
		}},
	} {
		if x, y := kinds(before, property.of), kinds(after, property.of); !slices.Equal(x, y) || len(x) > 1 {
			all = append(all, fmt.Sprintf("different %s: before %s, after %s", property.name, strings.Join(x, "; "), strings.Join(y, "; ")))
		}
	}
	if twice(slices.Concat(before, after)) {
		all = append(all, "the same report stands twice: it cannot differ from itself")
	}
	return append(append(all, single("before", before)...), single("after", after)...)
}

// single returns the problems of single reports.
func single(side string, reports []*loadtest.Report) []string {
	var all []string
	for i, r := range reports {
		name := "the run " + side
		if len(reports) > 1 {
			name = fmt.Sprintf("run %d of the runs %s", i+1, side)
		}
		if len(r.Invalid) > 0 {
			all = append(all, fmt.Sprintf("%s is invalid: %s", name, strings.Join(r.Invalid, "; ")))
		}
		if r.End != loadtest.EndDone && r.End != "" {
			all = append(all, fmt.Sprintf("%s ended early: %s", name, cmp.Or(r.EndedBy, string(r.End))))
		}
		if r.Rate.Answered <= 0 {
			all = append(all, name+" has no answers")
		}
		if len(r.Load.Stages) > 0 || len(r.Faults) > 0 {
			all = append(all, name+" is not steady: its seconds differ by plan, and only great changes can be told")
		}
	}
	return all
}

// twice reports whether two reports are of the same run, for example because of a
// mistyped file name.
func twice(reports []*loadtest.Report) bool {
	for i, a := range reports {
		if slices.ContainsFunc(reports[i+1:], func(b *loadtest.Report) bool {
			return a == b || !a.Started.IsZero() && a.Started.Equal(b.Started) && a.Counts == b.Counts && a.Response == b.Response
		}) {
			return true
		}
	}
	return false
}

// kinds returns the different values in the reports, sorted.
func kinds(reports []*loadtest.Report, of func(*loadtest.Report) string) []string {
	var all []string
	for _, r := range reports {
		all = append(all, cmp.Or(of(r), "none"))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// calls describes the calls of each route, sorted by the names of the routes.
func calls(l *loadtest.Load) string {
	var all []string
	for _, c := range l.Calls {
		text := fmt.Sprintf("%s*%v=%s", c.Name, c.Weight, c.Data)
		if c.Timeout != l.Timeout { // the plan's timeout is compared by itself
			text += fmt.Sprintf(" within %v ms", c.Timeout)
		}
		if len(c.Expect) > 0 {
			text += fmt.Sprintf(" or %s", slices.Sorted(slices.Values(c.Expect)))
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func population(p loadtest.Population) string {
	kind := "made up"
	if p.Given {
		kind = "given"
	}
	text := fmt.Sprintf("%d %s", p.Count, kind)
	if p.Zipf > 0 {
		text += fmt.Sprintf(", zipf %v", p.Zipf)
	}
	return text
}

func kindOfLoad(r *loadtest.Report) string {
	if r.Load.Open {
		return "an open loop"
	}
	return "a closed loop"
}

func rate(r *loadtest.Report) string {
	all := []string{fmt.Sprintf("%v/s", r.Load.Rate)}
	for _, s := range r.Load.Stages {
		all = append(all, fmt.Sprintf("%v/s in %v", s.Rate, s.Over))
	}
	return strings.Join(all, ", ")
}

// interval returns the usual length of a sample. It is rounded, because timers are
// late.
func interval(r *loadtest.Report) string {
	var lengths []float64
	for _, s := range r.Timeline {
		lengths = append(lengths, s.Seconds)
	}
	return fmt.Sprintf("%.2g s", median(lengths))
}
