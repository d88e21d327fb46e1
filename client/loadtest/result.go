package loadtest

import (
	"cmp"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/client/loadtest/scenario"
)

// report returns what was found, when everything has ended: the last call at a
// moment.
func (w *watch) report(m *making, ended time.Duration, faults []Fault) *Report {
	r := w.run
	rep := &Report{
		Version:  ReportVersion,
		Machine:  thisMachine(),
		Load:     r.load(),
		Started:  r.clock.Began().Round(0),
		Measured: max(0, ended-r.Warmup).Seconds(),
		End:      r.end,
		EndedBy:  r.endedBy,
		Rate:     r.rates(m),
		Timeline: w.samples,
		Faults:   faults,
		Lines: Lines{
			Asked:   len(r.conns),
			Opened:  r.connCount.Opened.Load(),
			Failed:  r.connCount.Failed.Load(),
			Cut:     r.cuts.Load(),
			Churned: r.churned.Load(),
		},
	}
	lag := r.record.totals(rep)
	rep.Generator = generatorOf(m.used.Since(w.usage))
	rep.Generator.Lag = latencyOf(lag, false)
	rep.Server = w.server.report(r.clock.Began().Add(r.Warmup))
	rep.Invalid = r.doubts(rep)
	for _, g := range r.Goals {
		rep.Goals = append(rep.Goals, g.Judge(rep))
	}
	rep.Notes = r.notes(rep)
	return rep
}

// rates returns those of the time in which calls were made: later answers are no
// part of what the bot can do in that time.
func (r *run) rates(m *making) Rates {
	seconds := (m.until - r.Warmup).Seconds()
	if seconds <= 0 {
		return Rates{}
	}
	sent := int64(0)
	for _, s := range r.record.shards {
		sent += s.sent.Load()
	}
	rates := Rates{Sent: float64(sent) / seconds, Answered: float64(m.answers) / seconds}
	if due := m.dueUntil - r.Warmup; r.open() && due > 0 {
		rates.Wanted = r.schedule().Due(r.Warmup, m.dueUntil) / due.Seconds()
	}
	return rates
}

// totals fills in what all shards have recorded, and returns the lag.
func (r *recorder) totals(rep *Report) *hdr.Histogram {
	response, service, lag := newHistogram(), newHistogram(), newHistogram()
	for i, name := range r.routes {
		route, of := Route{Name: name}, tally{response: newHistogram(), service: newHistogram()}
		for _, s := range r.shards {
			t := &s.routes[i]
			of.add(t.Counts)
			of.response.Merge(t.response)
			of.service.Merge(t.service)
		}
		route.Counts = of.Counts
		route.Sent = of.Answered + of.Failed + of.Unanswered
		route.Response, route.Service = latencyOf(of.response, false), latencyOf(of.service, false)
		rep.Routes = append(rep.Routes, route)
		rep.add(of.Counts)
		response.Merge(of.response)
		service.Merge(of.service)
	}
	for _, s := range r.shards {
		rep.Sent += s.sent.Load()
		lag.Merge(s.lag)
	}
	rep.Missed = r.missed.Load()
	rep.Response, rep.Service = latencyOf(response, true), latencyOf(service, true)
	rep.Errors = r.failures()
	return lag
}

// failures returns what calls have met, the most frequent first.
func (r *recorder) failures() (list []Failure) {
	sums := map[failureKey]failure{}
	for _, s := range r.shards {
		for key, f := range s.failures {
			sum, ok := sums[key]
			if !ok || f.at < sum.at {
				sum.first, sum.at = f.first, f.at
			}
			sum.count += f.count
			sums[key] = sum
		}
	}
	for key, f := range sums {
		list = append(list, Failure{
			Code: key.code, Route: r.routes[key.route], Count: f.count,
			Expected: key.expected, Unanswered: key.unanswered, First: f.first, FirstAt: f.at.Seconds(),
		})
	}
	slices.SortFunc(list, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Route, b.Route))
	})
	return list
}

// load returns the plan for the report.
func (r *run) load() Load {
	l := Load{
		Target:      r.Target,
		Dialect:     r.Dialect,
		Open:        r.open(),
		Rate:        r.Rate,
		Stages:      r.Stages,
		Connections: r.Connections,
		Duration:    r.Duration.Seconds(),
		Count:       r.Count,
		Warmup:      r.Warmup.Seconds(),
		Timeout:     millis(r.Timeout),
		Grace:       millis(r.Grace),
		GiveUp:      millis(r.GiveUp),
		Interval:    millis(r.Interval),
		Think:       millis(r.Scenario.Think),
		Churn:       r.Churn,
		Seed:        r.Seed,
		Routes:      r.record.routes,
		Guilds:      populationOf(&r.Scenario.Guilds),
		Users:       populationOf(&r.Scenario.Users),
	}
	if l.Open {
		l.MaxInFlight = r.MaxInFlight
	} else {
		l.Callers, l.Depth = r.Callers, r.Depth
	}
	for _, route := range r.program.Routes {
		l.Calls = append(l.Calls, Called{
			Name: route.Name, Weight: route.Weight, Data: route.Data, Expect: route.Expect,
			Timeout: millis(cmp.Or(route.Timeout, r.Timeout)),
		})
	}
	for _, d := range r.Faults {
		l.Faults = append(l.Faults, d.String())
	}
	return l
}

func populationOf(p *scenario.Population) Population {
	if len(p.IDs) > 0 {
		return Population{Count: len(p.IDs), Given: true, Zipf: p.Zipf}
	}
	return Population{Count: cmp.Or(p.Count, 1000), Zipf: p.Zipf} // the scenario's default
}
