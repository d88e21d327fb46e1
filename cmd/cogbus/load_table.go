package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

// figure shows three digits of a number, with commas between thousands.
func figure(n float64) string {
	if math.Abs(n) < 1000 {
		switch a := math.Abs(n); {
		case n == math.Trunc(n):
			return strconv.Itoa(int(n))
		case a >= 100:
			return strconv.FormatFloat(n, 'f', 0, 64)
		case a >= 10:
			return strconv.FormatFloat(n, 'f', 1, 64)
		}
		return strconv.FormatFloat(n, 'f', 2, 64)
	}
	text := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// loadReport prints a report for people.
func (s *sink) loadReport(r *loadtest.Report) {
	s.printf("%s\n\n", loadLine(r))
	for _, why := range r.Invalid {
		s.printf("invalid: %s\n", why)
	}
	s.table([]string{"ms", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean"}, [][]string{
		latencyRow("response", &r.Response), latencyRow("service", &r.Service),
	})
	s.printf("\n")
	share := func(n int64) string { return figure(100*float64(n)/float64(max(1, r.Sent))) + " %" }
	wanted := ""
	if r.Rate.Wanted > 0 {
		wanted = fmt.Sprintf(" of %s/s wanted", figure(r.Rate.Wanted))
	}
	s.table([]string{"calls", "", ""}, [][]string{
		{"sent", figure(float64(r.Sent)), figure(r.Rate.Sent) + "/s" + wanted},
		{"answered", figure(float64(r.Answered)), figure(r.Rate.Answered) + "/s"},
		{"failed", figure(float64(r.Failed)), share(r.Failed)},
		{"unanswered", figure(float64(r.Unanswered)), share(r.Unanswered)},
	})
	s.loadErrors(r)
	s.loadTimeline(r)
	if len(r.Routes) > 1 {
		var rows [][]string
		for _, t := range r.Routes {
			rows = append(rows, []string{t.Name, figure(float64(t.Sent)), figure(float64(t.Failed + t.Unanswered)), figure(t.Response.P50), figure(t.Response.P99), figure(t.Response.Max)})
		}
		s.printf("\n")
		s.table([]string{"route", "sent", "errors", "p50", "p99", "max"}, rows)
	}
	s.loadFaults(r)
	s.loadServer(r)
	g := &r.Generator
	s.printf("\ngenerator: %s of %d cores, sent calls %s ms late at p99 and %s ms at most", cores(g.Cores), r.Machine.Cores, figure(g.Lag.P99), figure(g.Lag.Max))
	s.printf("; %s of %d asked for\n", count(int(r.Lines.Opened), "connection"), r.Lines.Asked)
	for _, v := range r.Goals {
		s.printf("goal %s: %s, it is %s\n", v.Goal, map[bool]string{true: "met", false: "MISSED"}[v.Met], figure(v.Got))
	}
}

func cores(n float64) string {
	if n < 0 {
		return "an unknown part"
	}
	return fmt.Sprintf("%.2f", n)
}

// loadLine says in one line what was done.
func loadLine(r *loadtest.Report) string {
	l := &r.Load
	text := fmt.Sprintf("%s, %s: ", l.Target, l.Dialect)
	switch {
	case len(l.Stages) > 0:
		text += fmt.Sprintf("%s of rates from %s/s", count(len(l.Stages), "stage"), figure(l.Rate))
	case l.Open:
		text += figure(l.Rate) + " calls/s"
	default:
		text += fmt.Sprintf("%s with %d under way each", count(l.Callers, "caller"), l.Depth)
	}
	text += fmt.Sprintf(", %s, %s s", count(l.Connections, "connection"), figure(r.Measured))
	if r.End != loadtest.EndDone {
		text += ", " + string(r.End)
	}
	return oneLine(text)
}

func latencyRow(name string, l *loadtest.Latency) []string {
	row := []string{name}
	for _, n := range []float64{l.P50, l.P90, l.P95, l.P99, l.P999, l.P9999, l.Max, l.Mean} {
		if l.Count == 0 {
			row = append(row, "-")
		} else {
			row = append(row, figure(n))
		}
	}
	return row
}

func (s *sink) loadErrors(r *loadtest.Report) {
	var rows [][]string
	for _, e := range r.Errors {
		how := ""
		if e.Expected {
			how = " (expected)"
		}
		rows = append(rows, []string{string(e.Code) + how, e.Route, figure(float64(e.Count)), figure(e.FirstAt) + " s", short(e.First, 90)})
	}
	if len(rows) > 0 {
		s.printf("\n")
		s.table([]string{"error", "route", "count", "first at", "first"}, rows)
	}
}

// loadTimeline prints at most twelve lines: a run may take hours.
func (s *sink) loadTimeline(r *loadtest.Report) {
	var list []loadtest.Sample
	for _, one := range r.Timeline {
		if one.At > 0 {
			list = append(list, one)
		}
	}
	step := (len(list) + 11) / 12
	if len(list) < 2 {
		return
	}
	var rows [][]string
	for part := range slices.Chunk(list, step) {
		sum := part[len(part)-1] // its end is theirs
		sum.P50, sum.P99, sum.Max = 0, 0, 0
		answered, errors, seconds := int64(0), int64(0), 0.0
		for _, one := range part {
			answered += one.Answered
			errors += one.Failed + one.Unanswered
			seconds += one.Seconds
			sum.P50, sum.P99, sum.Max = max(sum.P50, one.P50), max(sum.P99, one.P99), max(sum.Max, one.Max)
		}
		rows = append(rows, []string{figure(sum.At) + " s", figure(float64(answered)/max(seconds, 1e-9)) + "/s", figure(sum.P50), figure(sum.P99), figure(sum.Max), figure(float64(errors))})
	}
	s.printf("\n")
	s.table([]string{"until", "answered", "p50", "p99", "max", "errors"}, rows)
}

func (s *sink) loadFaults(r *loadtest.Report) {
	var rows [][]string
	for _, f := range r.Faults {
		rows = append(rows, []string{f.Text, figure(f.At) + " s", figure(f.Took) + " ms", cmp.Or(f.Err, f.Note)})
	}
	if len(rows) > 0 {
		s.printf("\n")
		s.table([]string{"fault", "at", "took", ""}, rows)
	}
}

func (s *sink) loadServer(r *loadtest.Report) {
	if r.Server == nil {
		return
	}
	var rows [][]string
	for _, c := range r.Server.Cogs {
		if c.Calls == 0 && len(c.Switches) == 0 {
			continue
		}
		paused := 0.0
		for _, sw := range c.Switches {
			paused = max(paused, sw.Paused)
		}
		rows = append(rows, []string{
			c.Name, figure(float64(c.Calls)), refusals(c.Refused),
			strconv.Itoa(c.MaxFlight), strconv.Itoa(c.MaxWaiting), strconv.Itoa(c.MaxHeld),
			figure(c.Queue.P50) + " / " + figure(c.Queue.P99), figure(c.Handler.P50) + " / " + figure(c.Handler.P99),
			strconv.Itoa(len(c.Switches)), figure(paused),
		})
	}
	if len(rows) > 0 {
		s.printf("\n")
		s.table([]string{"cog", "calls", "refused", "in flight", "waiting", "held", "queue p50/p99", "handler p50/p99", "switches", "longest pause"}, rows)
	}
}

func refusals(counts map[wire.Code]uint64) string {
	var list []string
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%s %s", figure(float64(counts[code])), code))
	}
	return cmp.Or(strings.Join(list, ", "), "0")
}
