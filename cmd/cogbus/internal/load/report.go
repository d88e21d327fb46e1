package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// printReport prints a report for people.
func printReport(out *cli.Output, r *loadtest.Report) {
	for _, why := range distinct(r.Invalid) {
		out.Printf("%s %s\n", out.Colours.Red("INVALID RUN:"), cli.OneLine(why))
	}
	out.Printf("%s\n\n", summaryLine(r))
	rows := [][]string{latencyRow("response", &r.Response)}
	if r.Load.Open { // with callers, both are the same
		rows = append(rows, latencyRow("service", &r.Service))
	}
	figures(out, []string{"ms", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean"}, rows)
	printCounts(out, r)
	printGoals(out, r)
	printErrors(out, r)
	printTimeline(out, r)
	printRoutes(out, r)
	printFaults(out, r)
	printServer(out, r)
	out.Printf("\n%s%s\n%s\n", botLine(r.Server), generatorLine(r), connectionLine(&r.Lines))
	if hasVague(r) {
		out.Printf("~ fewer than %d calls lie above: another run will say something else\n", enoughAbove)
	}
}

// printGoals prints the goals, and notes about the figures.
func printGoals(out *cli.Output, r *loadtest.Report) {
	if len(r.Goals)+len(r.Notes) > 0 {
		out.Printf("\n")
	}
	for _, v := range r.Goals {
		out.Printf("goal %s: %s, %s\n", v.Goal, map[bool]string{true: out.Colours.Green("met"), false: out.Colours.Red("MISSED")}[v.Met], got(v, r))
	}
	for _, note := range distinct(r.Notes) {
		out.Printf("note: %s\n", cli.OneLine(note))
	}
}

// summaryLine describes the run in one line.
func summaryLine(r *loadtest.Report) string {
	l := &r.Load
	var list []string
	switch {
	case len(l.Stages) > 0:
		list = append(list, "from "+figure(l.Rate)+" calls/s")
		for _, stage := range l.Stages {
			list = append(list, fmt.Sprintf("to %s in %s", figure(stage.Rate), stage.Over))
		}
	case l.Open:
		list = append(list, figure(l.Rate)+" calls/s")
	case l.Depth > 1:
		list = append(list, fmt.Sprintf("%s with %s each", cli.Count(l.Callers, "caller"), cli.Count(l.Depth, "call")))
	default:
		list = append(list, cli.Count(l.Callers, "caller"))
	}
	list = append(list, cli.Count(l.Connections, "connection"), moment(r.Measured)+" s")
	if r.End != loadtest.EndDone {
		list = append(list, string(r.End))
	}
	return cli.OneLine(fmt.Sprintf("%s, %s: %s", l.Target, l.Dialect, strings.Join(list, ", ")))
}

func latencyRow(name string, l *loadtest.Latency) []string {
	row := []string{name}
	for i, ms := range []float64{l.P50, l.P90, l.P95, l.P99, l.P999, l.P9999} {
		row = append(row, percentile(l.Count, shown[i], ms))
	}
	return append(row, times(l.Count, l.Max, l.Mean)...)
}

func printCounts(out *cli.Output, r *loadtest.Report) {
	share := func(n int64) string { return figure(100*float64(n)/float64(max(1, r.Sent))) + " %" }
	wanted := ""
	if r.Rate.Wanted > 0 {
		wanted = fmt.Sprintf(" of %s/s wanted", figure(r.Rate.Wanted))
	}
	rows := [][]string{
		{"sent", figure(float64(r.Sent)), figure(r.Rate.Sent) + "/s" + wanted},
		{"answered", figure(float64(r.Answered)), figure(r.Rate.Answered) + "/s"},
		{"failed", figure(float64(r.Failed)), share(r.Failed)},
		{"unanswered", figure(float64(r.Unanswered)), share(r.Unanswered)},
	}
	if r.Missed > 0 {
		rows = append(rows, []string{"not sent", figure(float64(r.Missed)), "were due"})
	}
	out.Printf("\n")
	figures(out, []string{"calls", "", ""}, rows, 2)
}

func printErrors(out *cli.Output, r *loadtest.Report) {
	var rows [][]string
	for _, e := range r.Errors {
		became := "failed"
		switch {
		case e.Expected:
			became = "answered"
		case e.Unanswered:
			became = "unanswered"
		}
		rows = append(rows, []string{string(e.Code), e.Route, became, figure(float64(e.Count)), moment(e.FirstAt) + " s", middle(withoutCode(e), 200)})
	}
	if len(rows) > 0 {
		out.Printf("\n")
		figures(out, []string{"error", "route", "counts as", "calls", "first at", "first"}, rows, 1, 2, 5)
	}
}

// printTimeline prints at most twelve lines: a run may take hours.
func printTimeline(out *cli.Output, r *loadtest.Report) {
	list := slices.DeleteFunc(slices.Clone(r.Timeline), func(one loadtest.Sample) bool { return one.At <= 0 })
	if len(list) < 2 {
		return
	}
	step, worst := (len(list)+11)/12, ""
	if step > 1 {
		worst = "worst "
	}
	var rows [][]string
	for part := range slices.Chunk(list, step) {
		var sum loadtest.Sample
		for _, one := range part {
			sum.Answered += one.Answered
			sum.Failed += one.Failed
			sum.Unanswered += one.Unanswered
			sum.Timed += one.Timed
			sum.Seconds += one.Seconds
			sum.P50, sum.P99, sum.Max = max(sum.P50, one.P50), max(sum.P99, one.P99), max(sum.Max, one.Max)
		}
		row := []string{moment(part[len(part)-1].At) + " s", perSecond(sum.Answered, sum.Seconds)}
		row = append(row, times(sum.Timed, sum.P50, sum.P99, sum.Max)...)
		rows = append(rows, append(row, figure(float64(sum.Failed+sum.Unanswered))))
	}
	out.Printf("\n")
	figures(out, []string{"until", "answered/s", worst + "p50 ms", worst + "p99 ms", "max ms", "errors"}, rows)
}

func printRoutes(out *cli.Output, r *loadtest.Report) {
	if len(r.Routes) < 2 {
		return
	}
	var rows [][]string
	for _, t := range r.Routes {
		row := []string{t.Name, figure(float64(t.Sent)), figure(float64(t.Failed + t.Unanswered))}
		n := t.Response.Count
		row = append(row, percentile(n, .5, t.Response.P50), percentile(n, .99, t.Response.P99))
		rows = append(rows, append(row, times(n, t.Response.Max)...))
	}
	out.Printf("\n")
	figures(out, []string{"route", "sent", "errors", "p50 ms", "p99 ms", "max ms"}, rows)
}

func printFaults(out *cli.Output, r *loadtest.Report) {
	var rows [][]string
	for _, f := range r.Faults {
		what := f.Note
		if f.Err != "" {
			what = "DID NOT HAPPEN: " + f.Err
		}
		rows = append(rows, []string{f.Text, moment(f.At) + " s", figure(f.Took) + " ms", what})
	}
	if len(rows) > 0 {
		out.Printf("\n")
		out.Table(cli.Table{
			Heads: []string{"fault", "at", "took", ""}, Rows: rows, Numbers: true, Words: []int{3},
			Paint: func(row, column int, cell string) string {
				if column == 3 && r.Faults[row].Err != "" {
					return out.Colours.Red(cell)
				}
				return cell
			},
		})
	}
}

// got returns the figure that the run reached for a goal.
func got(v loadtest.Verdict, r *loadtest.Report) string {
	if v.Unit == "ms" && r.Response.Count == 0 {
		return "no call was timed"
	}
	return "it is " + withUnit(v.Got, v.Unit)
}
