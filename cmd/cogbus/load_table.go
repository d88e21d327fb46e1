package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

// loadReport prints a report for people.
func (s *sink) loadReport(r *loadtest.Report) {
	for _, why := range distinct(r.Invalid) {
		s.printf("INVALID RUN: %s\n", oneLine(why))
	}
	s.printf("%s\n\n", loadLine(r))
	rows := [][]string{latencyRow("response", &r.Response)}
	if r.Load.Open { // else they are the same
		rows = append(rows, latencyRow("service", &r.Service))
	}
	s.figures([]string{"ms", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean"}, rows)
	s.loadCounts(r)
	s.loadGoals(r)
	s.loadErrors(r)
	s.loadTimeline(r)
	s.loadRoutes(r)
	s.loadFaults(r)
	s.loadServer(r)
	s.printf("\n%s%s\n%s\n", botLine(r.Server), generatorLine(r), connectionLine(&r.Lines))
	if hasVague(r) {
		s.printf("~ fewer than %d calls lie above: another run will say something else\n", enoughAbove)
	}
}

// loadGoals prints the goals, and what else there is to know of the figures.
func (s *sink) loadGoals(r *loadtest.Report) {
	if len(r.Goals)+len(r.Notes) > 0 {
		s.printf("\n")
	}
	for _, v := range r.Goals {
		s.printf("goal %s: %s, %s\n", v.Goal, map[bool]string{true: "met", false: "MISSED"}[v.Met], got(v, r))
	}
	for _, note := range distinct(r.Notes) {
		s.printf("note: %s\n", oneLine(note))
	}
}

// loadLine says in one line what was done.
func loadLine(r *loadtest.Report) string {
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
		list = append(list, fmt.Sprintf("%s with %s each", count(l.Callers, "caller"), count(l.Depth, "call")))
	default:
		list = append(list, count(l.Callers, "caller"))
	}
	list = append(list, count(l.Connections, "connection"), moment(r.Measured)+" s")
	if r.End != loadtest.EndDone {
		list = append(list, string(r.End))
	}
	return oneLine(fmt.Sprintf("%s, %s: %s", l.Target, l.Dialect, strings.Join(list, ", ")))
}

func latencyRow(name string, l *loadtest.Latency) []string {
	row := []string{name}
	for i, ms := range []float64{l.P50, l.P90, l.P95, l.P99, l.P999, l.P9999} {
		row = append(row, percentile(l.Count, shown[i], ms))
	}
	return append(row, times(l.Count, l.Max, l.Mean)...)
}

func (s *sink) loadCounts(r *loadtest.Report) {
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
	s.printf("\n")
	s.figures([]string{"calls", "", ""}, rows, 2)
}

func (s *sink) loadErrors(r *loadtest.Report) {
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
		s.printf("\n")
		s.figures([]string{"error", "route", "counts as", "calls", "first at", "first"}, rows, 1, 2, 5)
	}
}

// loadTimeline prints at most twelve lines: a run may take hours.
func (s *sink) loadTimeline(r *loadtest.Report) {
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
	s.printf("\n")
	s.figures([]string{"until", "answered/s", worst + "p50 ms", worst + "p99 ms", "max ms", "errors"}, rows)
}

func (s *sink) loadRoutes(r *loadtest.Report) {
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
	s.printf("\n")
	s.figures([]string{"route", "sent", "errors", "p50 ms", "p99 ms", "max ms"}, rows)
}

func (s *sink) loadFaults(r *loadtest.Report) {
	var rows [][]string
	for _, f := range r.Faults {
		what := f.Note
		if f.Err != "" {
			what = "DID NOT HAPPEN: " + f.Err
		}
		rows = append(rows, []string{f.Text, moment(f.At) + " s", figure(f.Took) + " ms", what})
	}
	if len(rows) > 0 {
		s.printf("\n")
		s.figures([]string{"fault", "at", "took", ""}, rows, 3)
	}
}

// loadServer prints what the bot says of the cogs that were called.
func (s *sink) loadServer(r *loadtest.Report) {
	if r.Server == nil {
		return
	}
	var rows [][]string
	for _, c := range r.Server.Cogs {
		if c.Calls == 0 && len(c.Switches) == 0 && len(c.Refused) == 0 {
			continue
		}
		paused := "-"
		if len(c.Switches) > 0 {
			paused = figure(slices.MaxFunc(c.Switches, func(a, b loadtest.Switch) int { return cmp.Compare(a.Paused, b.Paused) }).Paused)
		}
		row := []string{c.Name, figure(float64(c.Calls)), refusals(c.Refused), strconv.Itoa(c.MaxFlight), strconv.Itoa(c.MaxWaiting), strconv.Itoa(c.MaxHeld)}
		for _, l := range []*loadtest.Latency{&c.Queue, &c.Handler} {
			row = append(row, bucketed(l.Count, .5, l.P50), bucketed(l.Count, .99, l.P99))
		}
		rows = append(rows, append(row, strconv.Itoa(len(c.Switches)), paused))
	}
	if len(rows) > 0 {
		s.printf("\n")
		s.figures([]string{"cog (ms; 1 call of 8 timed)", "calls", "refused", "in flight", "waiting", "held", "queue p50", "p99", "handler p50", "p99", "switches", "paused"}, rows, 2)
	}
}

func refusals(counts map[wire.Code]uint64) string {
	var list []string
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%s %s", figure(float64(counts[code])), code))
	}
	return cmp.Or(strings.Join(list, ", "), "0")
}

// botLine returns "" if the bot does not tell.
func botLine(server *loadtest.Server) string {
	if server == nil {
		return ""
	}
	text := "bot: heap of " + mebibytes(float64(server.Heap))
	if p := &server.GCPauses; p.Count > 0 {
		text += fmt.Sprintf(", %s for garbage of %s ms at p50 and %s ms at most", count(int(p.Count), "pause"), tiny(p.P50), tiny(p.Max))
	}
	return text + "\n"
}

func generatorLine(r *loadtest.Report) string {
	g := &r.Generator
	text := "generator: "
	if g.Cores >= 0 {
		text += fmt.Sprintf("%.2f of ", g.Cores)
	}
	text += count(r.Machine.Cores, "core")
	if g.MachineBusy > 0 { // -1 where the system does not tell
		text += fmt.Sprintf(" (of all processors %s %% were busy)", figure(100*g.MachineBusy))
	}
	if g.MaxRSS >= 0 {
		text += ", " + mebibytes(float64(g.MaxRSS))
	}
	if r.Load.Open && g.Lag.Count > 0 {
		text += fmt.Sprintf(", calls sent late by %s ms at p99 and %s ms at most", figure(g.Lag.P99), figure(g.Lag.Max))
	}
	return text
}

func connectionLine(l *loadtest.Lines) string {
	list := []string{"connections: " + figure(float64(l.Asked))}
	for _, more := range []struct {
		n    int64
		what string
	}{
		{l.Opened - int64(l.Asked), "more opened later"},
		{l.Failed, "attempts failed"},
		{l.Churned, "replaced"},
		{l.Cut, "cut by faults"},
	} {
		if more.n > 0 {
			list = append(list, figure(float64(more.n))+" "+more.what)
		}
	}
	text := strings.Join(list, ", ")
	if l.Connect.Count > 0 {
		text += fmt.Sprintf("; opening one took %s ms at p50 and %s ms at most", figure(l.Connect.P50), figure(l.Connect.Max))
	}
	return text
}

// got says what a run has had, for a goal.
func got(v loadtest.Verdict, r *loadtest.Report) string {
	if v.Unit == "ms" && r.Response.Count == 0 {
		return "no call was timed"
	}
	return "it is " + withUnit(v.Got, v.Unit)
}
