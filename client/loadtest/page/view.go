package page

import (
	"cmp"
	"html/template"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

// A view has the data for the template page.html.
type view struct {
	Style  template.CSS
	Script template.JS
	Data   template.JS
	Policy string

	*loadtest.Report
	Words    words
	Outcomes []outcome
	Figures  []figure
	Trust    []fact
	Impacts  []impact
	Rows     []percentile
	Switches []loadtest.Switch
	Samples  []loadtest.Sample
	Merged   int
	Charts   shown
}

// An outcome is one of the answers at the top. State is good, bad, warn or none.
type outcome struct {
	Name, State, Text string
	More              []string
}

// A figure is one of the main numbers, with a number to compare it with.
type figure struct {
	Name, Value, Note string
	State             string
}

// A fact is a line in the part about the validity of the figures.
type fact struct{ Name, Value string }

// A percentile is a row in the table of percentiles.
type percentile struct {
	Name              string
	Response, Service float64
	Above             int64 // responses that took longer
	Few               bool  // too few calls lie above it, so another run would have another value
}

// shown says which charts have data.
type shown struct {
	Any                                                   bool // there was a call, or a sample
	Time, Latency, Errors, Distribution, Cogs, Times, Lag bool
}

func viewOf(r *loadtest.Report, c *charts) *view {
	v := &view{Report: r, Impacts: impactsOf(r), Rows: percentilesOf(r)}
	v.Words = wordsOf(r)
	v.Outcomes = outcomesOf(r, v.Impacts)
	v.Figures = figuresOf(r)
	v.Trust = trustOf(r)
	v.Samples, v.Merged = fold(r.Timeline)
	if r.Server != nil {
		for _, cog := range r.Server.Cogs {
			for _, s := range cog.Switches {
				s.Cog = cog.Name
				v.Switches = append(v.Switches, s)
			}
		}
		slices.SortStableFunc(v.Switches, func(a, b loadtest.Switch) int { return cmp.Compare(a.At, b.At) })
	}
	some := func(column []*num) bool {
		return slices.ContainsFunc(column, func(n *num) bool { return n != nil })
	}
	v.Charts = shown{
		Any:          len(c.To) > 0 || r.Sent > 0,
		Time:         len(c.To) > 0,
		Latency:      some(c.Max),
		Errors:       len(c.Errors) > 0,
		Distribution: c.Response != nil,
		Cogs:         len(c.Cogs) > 0,
		Times:        len(c.Times) > 0,
		Lag:          some(c.Lag),
	}
	return v
}

// enoughAbove is the number of calls that must lie above a percentile. With fewer,
// another run would have another value.
const enoughAbove = 10

func percentilesOf(r *loadtest.Report) []percentile {
	n := r.Response.Count
	row := func(name string, response, service, quantile float64) percentile {
		over := above(n, quantile)
		return percentile{name, response, service, over, over < enoughAbove}
	}
	a, b := r.Response, r.Service
	return []percentile{
		row("p50", a.P50, b.P50, .5),
		row("p90", a.P90, b.P90, .9),
		row("p95", a.P95, b.P95, .95),
		row("p99", a.P99, b.P99, .99),
		row("p99.9", a.P999, b.P999, .999),
		row("p99.99", a.P9999, b.P9999, .9999),
	}
}

func figuresOf(r *loadtest.Report) []figure {
	n := r.Response.Count
	figures := []figure{{Name: "Answered", Value: rate(r.Rate.Answered) + "/s", Note: count(r.Answered) + " in all"}}
	if r.Rate.Wanted > 0 {
		figures[0].Note = "of " + rate(r.Rate.Wanted) + "/s wanted"
		if r.Rate.Answered < 0.99*r.Rate.Wanted {
			figures[0].State = "warn"
		}
	}
	for _, p := range []struct {
		name                        string
		response, service, quantile float64
	}{
		{"p50", r.Response.P50, r.Service.P50, .5},
		{"p99", r.Response.P99, r.Service.P99, .99},
		{"p99.9", r.Response.P999, r.Service.P999, .999},
		{"Slowest", r.Response.Max, r.Service.Max, 0},
	} {
		f := figure{Name: p.name, Value: latency(p.response, n)}
		switch {
		case n == 0:
		case above(n, p.quantile) < enoughAbove:
			f.Note = "of too few calls"
		case r.Load.Open:
			f.Note = "service " + latency(p.service, r.Service.Count)
		}
		figures = append(figures, f)
	}
	wrong := r.Failed + r.Unanswered
	errors := figure{Name: "Errors", Value: share(wrong, r.Sent), Note: count(r.Failed) + " failed"}
	unanswered := figure{Name: "Unanswered", Value: count(r.Unanswered), Note: "of " + calls(r.Sent)}
	if wrong > 0 {
		errors.State = "warn"
	}
	if r.Unanswered > 0 {
		unanswered.State = "warn"
	}
	lines := figure{Name: "Connections", Value: count(r.Lines.Asked), Note: count(r.Lines.Opened) + " opened"}
	if r.Lines.Failed > 0 {
		lines.State, lines.Note = "warn", lines.Note+", "+count(r.Lines.Failed)+" failed"
	}
	return append(figures, errors, unanswered, lines)
}
