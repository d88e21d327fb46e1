package loadtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/wire"
)

// A watch takes a sample of a run in each interval. It is owned by the goroutine
// that watches, until that ends.
type watch struct {
	run      *run
	server   *observer // nil where the bot does not tell
	usage    usage     // of the generator, when the measurement began
	now      *interval
	samples  []Sample
	began    int64 // calls that had begun at the last sample
	missed   int64
	last     time.Duration // when the last sample was taken
	silent   time.Duration // since when nothing is answered
	opened   int64         // connections, at the last sample that was not silent
	exceeded map[string]int
}

func newWatch(r *run, server *observer) *watch {
	return &watch{run: r, now: newInterval(), usage: readUsage(), exceeded: map[string]int{}, server: server}
}

// watch takes samples until ended is closed.
func (w *watch) watch(ended <-chan struct{}) {
	defer w.server.close()
	r := w.run
	next := min(r.Interval, cmp.Or(r.Warmup, r.Interval))
	for {
		warm := w.last < r.Warmup
		timer := time.NewTimer(next - r.now())
		select {
		case <-timer.C:
			w.sample(next)
		case <-ended:
			timer.Stop()
			if r.now()-w.last > r.Interval/10 || len(w.samples) == 0 {
				w.sample(r.now())
			} else {
				w.tail()
			}
			w.server.finish()
			return
		}
		if warm && next >= r.Warmup { // the measurement begins now
			w.usage = readUsage()
			w.server.begin()
		}
		next += r.Interval
		if before := next - r.Interval; before < r.Warmup && next > r.Warmup {
			next = r.Warmup // no sample belongs to both
		}
		if late := r.now(); next <= late { // the machine stood still: that is one long sample
			next += (late - next).Truncate(r.Interval) + r.Interval
		}
	}
}

// sample takes a sample of what happened since the last one. It was due at a moment.
func (w *watch) sample(due time.Duration) {
	r := w.run
	at := r.now()
	if due <= r.Warmup { // a timer is never quite on time: its sample is of the warm-up all the same
		at = min(at, r.Warmup)
	}
	r.record.cut(w.now)
	begun, missed := r.record.begun(), r.missed.Load()
	s := Sample{
		At:          (at - r.Warmup).Seconds(),
		Seconds:     (at - w.last).Seconds(),
		Counts:      w.now.Counts,
		InFlight:    r.record.inFlight(),
		P50:         ms(w.now.response.ValueAtPercentile(50)),
		P90:         ms(w.now.response.ValueAtPercentile(90)),
		P99:         ms(w.now.response.ValueAtPercentile(99)),
		Service:     ms(w.now.service.ValueAtPercentile(99)),
		Lag:         millis(w.now.lag),
		Connections: int(r.conns.opened.Load() - r.conns.closed.Load()),
	}
	s.Sent, s.Missed = begun-w.began, missed-w.missed
	if w.now.response.TotalCount() > 0 { // the largest of nothing is half a microsecond
		s.Max = ms(w.now.response.Max())
	}
	if len(w.now.errors) > 0 {
		s.Errors = maps.Clone(w.now.errors)
	}
	s.Cogs = w.server.sample(at)
	w.began, w.missed, w.last = begun, missed, at
	w.samples = append(w.samples, s)
	w.judge(&s)
	if r.Progress != nil {
		r.Progress(s)
	}
}

// tail adds what little happened since the last sample to it.
func (w *watch) tail() {
	r := w.run
	r.record.cut(w.now)
	s := &w.samples[len(w.samples)-1]
	w.now.Sent = r.record.begun() - w.began
	s.add(w.now.Counts)
	s.InFlight = r.record.inFlight()
	for code, n := range w.now.errors {
		if s.Errors == nil {
			s.Errors = map[wire.Code]int64{}
		}
		s.Errors[code] += n
	}
}

// judge ends the run where the plan wants that.
func (w *watch) judge(s *Sample) {
	r := w.run
	opened := r.conns.opened.Load()
	switch {
	case s.Answered > 0 || s.Sent == 0 && s.InFlight == 0 || opened > w.opened && s.Failed+s.Unanswered == 0:
		w.silent, w.opened = r.now(), opened
	case r.now()-w.silent >= r.GiveUp && lost(s):
		err := wire.Errorf(wire.Unavailable, "nothing was answered for %s, and no connection is left", r.GiveUp)
		r.finish(EndLost, err.Message, err)
		r.cancel()
	}
	if s.At <= 0 {
		return
	}
	for _, g := range r.AbortOn {
		if v := g.judgeSample(s); v.Met {
			w.exceeded[g.text] = 0
		} else if w.exceeded[g.text]++; w.exceeded[g.text] == 3 {
			r.finish(EndAborted, fmt.Sprintf("%s was missed three times in a row, the last time with %s", g, v.got()), nil)
		}
	}
}

// lost reports whether all that failed in s failed for want of a connection, or
// all waits for one.
func lost(s *Sample) bool {
	if s.Failed+s.Unanswered == 0 {
		return s.Connections == 0
	}
	for code := range s.Errors {
		if code != wire.Unavailable && code != wire.Interrupted {
			return false
		}
	}
	return true
}

// report returns what was found, when everything has ended: the calls at a moment,
// by when as much was used.
func (w *watch) report(faults []Fault, at time.Duration, used usage) *Report {
	r := w.run
	rep := &Report{
		Version:  ReportVersion,
		Machine:  readMachine(),
		Load:     r.load(),
		Started:  r.began.Round(0),
		Measured: max(0, at-r.Warmup).Seconds(),
		End:      r.end,
		EndedBy:  r.endedBy,
		Timeline: w.samples,
		Faults:   faults,
		Lines: Lines{
			Asked:   len(r.slots),
			Opened:  r.conns.opened.Load(),
			Failed:  r.conns.failed.Load(),
			Cut:     r.cuts.Load(),
			Churned: r.churned.Load(),
		},
	}
	lag := w.totals(rep)
	rep.Generator = w.usage.until(used, rep.Measured)
	rep.Generator.Lag = latencyOf(lag, false)
	rep.Server = w.server.report(r.began.Add(r.Warmup))
	seconds := max(rep.Measured, 1e-9)
	if r.stopAt > 0 { // what is answered later was sent before
		seconds = min(seconds, r.Duration.Seconds())
	}
	rep.Rate = Rates{Sent: float64(rep.Sent) / seconds, Answered: float64(rep.Answered) / seconds}
	if r.open() {
		rep.Rate.Wanted = newSchedule(&r.Plan).due(r.Warmup, r.Warmup+time.Duration(seconds*float64(time.Second))) / seconds
	}
	rep.Invalid = r.doubts(rep)
	for _, g := range r.Goals {
		rep.Goals = append(rep.Goals, g.Judge(rep))
	}
	return rep
}

// totals fills in what all shards have recorded, and returns the lag.
func (w *watch) totals(rep *Report) *hdr.Histogram {
	r := w.run
	response, service, lag := newHistogram(), newHistogram(), newHistogram()
	failures := map[failureKey]*failure{}
	for i, name := range r.record.routes {
		route, of := Route{Name: name}, tally{response: newHistogram(), service: newHistogram()}
		for _, s := range r.record.shards {
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
	for _, s := range r.record.shards {
		rep.Sent += s.sent.Load()
		lag.Merge(s.lag)
		for key, f := range s.failures {
			sum := failures[key]
			if sum == nil {
				sum = &failure{first: f.first, at: f.at}
				failures[key] = sum
			}
			sum.count += f.count
			if f.at < sum.at {
				sum.first, sum.at = f.first, f.at
			}
		}
	}
	rep.Missed = r.missed.Load()
	rep.Response, rep.Service = latencyOf(response, true), latencyOf(service, true)
	for key, f := range failures {
		rep.Errors = append(rep.Errors, Failure{
			Code: key.code, Route: r.record.routes[key.route], Count: f.count,
			Expected: key.expected, Unanswered: key.unanswered, First: f.first, FirstAt: f.at.Seconds(),
		})
	}
	slices.SortFunc(rep.Errors, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Route, b.Route))
	})
	return lag
}
