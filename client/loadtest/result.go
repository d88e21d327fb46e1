package loadtest

import (
	"cmp"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/client/loadtest/scenario"
)

// report returns the report of a run in which everything has ended, the last call at
// a time.
func (r *run) report(phase *sendPhase, lastCall time.Duration, s *sampler, f *faultInjector) *Report {
	rep := &Report{
		Version:  ReportVersion,
		Machine:  thisMachine(),
		Load:     r.load(r.program),
		Started:  r.clock.Began().Round(0),
		Measured: max(0, lastCall-r.Warmup).Seconds(),
		End:      r.ending.reason,
		EndedBy:  r.ending.text,
		Rate:     phase.rates(&r.Plan, r.record.sent()),
		Timeline: s.samples,
		Faults:   f.records,
		Lines: Lines{
			Asked:   len(r.conns),
			Opened:  r.connCount.Opened.Load(),
			Failed:  r.connCount.Failed.Load(),
			Cut:     f.cuts.Load(),
			Churned: f.churned.Load(),
		},
	}
	lag := r.record.totals(rep)
	rep.Generator = generatorOf(phase.used.Since(s.usage))
	rep.Generator.Lag = latencyOf(lag, false)
	rep.Server = s.stats.report(r.clock.Began().Add(r.Warmup))
	rep.Invalid = r.doubts(rep, r.record.late.Load())
	for _, g := range r.Goals {
		rep.Goals = append(rep.Goals, g.Judge(rep))
	}
	rep.Notes = r.notes(rep)
	return rep
}

// rates returns the rates of the sending phase after the warm-up, in which sent calls
// were sent. Answers that came after the phase do not count, because the bot was too
// slow for them.
func (s *sendPhase) rates(p *Plan, sent int64) Rates {
	seconds := (s.until - p.Warmup).Seconds()
	if seconds <= 0 {
		return Rates{}
	}
	rates := Rates{Sent: float64(sent) / seconds, Answered: float64(s.answers) / seconds}
	if due := s.dueUntil - p.Warmup; p.open() && due > 0 {
		rates.Wanted = p.schedule().Due(p.Warmup, s.dueUntil) / due.Seconds()
	}
	return rates
}

// totals sums up all shards in the report, and returns the lag.
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
	rep.Sent += r.sent()
	for _, s := range r.shards {
		lag.Merge(s.lag)
	}
	rep.Missed = r.missed.Load()
	rep.Response, rep.Service = latencyOf(response, true), latencyOf(service, true)
	rep.Errors = r.failures()
	return lag
}

// failures returns the errors of all calls, the most frequent first.
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
func (p *Plan) load(program *scenario.Program) Load {
	l := Load{
		Target:      p.Target,
		Dialect:     p.Dialect,
		Open:        p.open(),
		Rate:        p.Rate,
		Stages:      p.Stages,
		Connections: p.Connections,
		Duration:    p.Duration.Seconds(),
		Count:       p.Count,
		Warmup:      p.Warmup.Seconds(),
		Timeout:     millis(p.Timeout),
		Grace:       millis(p.Grace),
		GiveUp:      millis(p.GiveUp),
		Interval:    millis(p.Interval),
		Think:       millis(p.Scenario.Think),
		Churn:       p.Churn,
		Seed:        p.Seed,
		Routes:      routeNames(program),
		Guilds:      populationOf(&p.Scenario.Guilds),
		Users:       populationOf(&p.Scenario.Users),
	}
	if l.Open {
		l.MaxInFlight = p.MaxInFlight
	} else {
		l.Callers, l.Depth = p.Callers, p.Depth
	}
	for _, route := range program.Routes {
		l.Calls = append(l.Calls, Called{
			Name: route.Name, Weight: route.Weight, Data: route.Data, Expect: route.Expect,
			Timeout: millis(cmp.Or(route.Timeout, p.Timeout)),
		})
	}
	for _, d := range p.Faults {
		l.Faults = append(l.Faults, d.String())
	}
	return l
}

func populationOf(p *scenario.Population) Population {
	if len(p.IDs) > 0 {
		return Population{Count: len(p.IDs), Given: true, Zipf: p.Zipf}
	}
	return Population{Count: cmp.Or(p.Count, 1000), Zipf: p.Zipf} // 1000 is the scenario's default
}
