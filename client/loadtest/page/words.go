package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
)

// words has the sentences of the page, which say what to see in each chart.
type words struct {
	Dialect, Load, Started                      string
	Latency, Traffic, Errors, Distribution, Lag string
}

func wordsOf(r *loadtest.Report) words {
	w := words{
		Dialect:      dialectOf(r.Load.Dialect),
		Load:         loadOf(r),
		Started:      none,
		Latency:      latencyOf(r),
		Traffic:      trafficOf(r),
		Errors:       errorWords(r),
		Distribution: shapeOf(r),
		Lag:          lagOf(r),
	}
	if !r.Started.IsZero() {
		w.Started = r.Started.UTC().Format("2 January 2006, 15:04:05 UTC")
	}
	return w
}

func dialectOf(d loadtest.Dialect) string {
	switch d {
	case loadtest.V1:
		return "cogbus.v1"
	case loadtest.IPCX:
		return "ipcx, on connections that stay"
	case loadtest.IPCXDial:
		return "ipcx, a connection for each call"
	}
	return string(d)
}

// loadOf describes the plan in a sentence.
func loadOf(r *loadtest.Report) string {
	l := r.Load
	var b strings.Builder
	lines := plural(l.Connections, "connection")
	if l.Open {
		fmt.Fprintf(&b, "Open loop: %s calls a second", rate(l.Rate))
		level, at := l.Rate, 0.0
		for _, s := range l.Stages {
			at += s.Over.Seconds()
			switch {
			case s.Over == 0:
				fmt.Fprintf(&b, ", then %s/s", rate(s.Rate))
			case s.Rate == level:
				b.WriteString(" until " + moment(at))
			case s.Rate > level:
				fmt.Fprintf(&b, ", rising to %s/s by %s", rate(s.Rate), moment(at))
			default:
				fmt.Fprintf(&b, ", falling to %s/s by %s", rate(s.Rate), moment(at))
			}
			level = s.Rate
		}
		b.WriteString("; each when it is due, whether or not earlier calls were answered; " + lines)
	} else {
		fmt.Fprintf(&b, "Closed loop: %s", plural(l.Callers, "caller"))
		if l.Depth > 1 {
			fmt.Fprintf(&b, " with %s under way each", plural(l.Depth, "call"))
		}
		b.WriteString("; the next call waits for an answer")
		if l.Think > 0 {
			b.WriteString(" and " + duration(l.Think) + " more")
		}
		b.WriteString("; " + lines)
	}
	switch {
	case l.Duration > 0 && l.Count > 0:
		fmt.Fprintf(&b, "; for %s or %s", moment(l.Duration), calls(l.Count))
	case l.Duration > 0:
		b.WriteString("; for " + moment(l.Duration))
	case l.Count > 0:
		b.WriteString("; " + calls(l.Count))
	}
	if l.Warmup > 0 {
		fmt.Fprintf(&b, " after %s of warm-up", moment(l.Warmup))
	}
	if l.Churn > 0 {
		fmt.Fprintf(&b, "; %s/s of the connections are replaced", rate(l.Churn))
	}
	fmt.Fprintf(&b, "; a call may take %s.", duration(l.Timeout))
	return b.String()
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}

// enoughSamples is the number of intervals from which one is usual.
const enoughSamples = 5

// latencyOf compares the usual interval with the worst interval.
func latencyOf(r *loadtest.Report) string {
	samples := slices.DeleteFunc(slices.Clone(r.Timeline), func(s loadtest.Sample) bool { return s.At <= 0 || s.P99 == 0 })
	if len(samples) == 0 {
		return "Nothing was answered."
	}
	worst := slices.MaxFunc(samples, func(a, b loadtest.Sample) int { return cmp.Compare(a.P99, b.P99) })
	usual := median(samples)
	if len(samples) == 1 {
		return fmt.Sprintf("p99 was %s.", duration(usual.P99))
	}
	if n := len(samples); n < enoughSamples {
		best := slices.MinFunc(samples, func(a, b loadtest.Sample) int { return cmp.Compare(a.P99, b.P99) })
		return fmt.Sprintf("In %d intervals p99 was from %s to %s, the latter at %s: too few intervals to call one usual.", n, duration(best.P99), duration(worst.P99), moment(worst.At))
	}
	if worst.P99 < 2*usual.P99 {
		return fmt.Sprintf("Even: p99 was around %s, at most %s.", duration(usual.P99), duration(worst.P99))
	}
	text := fmt.Sprintf("p99 was usually %s in %d intervals, and %s at worst, at %s", duration(usual.P99), len(samples), duration(worst.P99), moment(worst.At))
	for i, f := range slices.Backward(r.Faults) {
		if f.At < worst.At && worst.At-worst.Seconds <= f.At+f.Took/1000 {
			return fmt.Sprintf("%s, during fault %d.", text, i+1)
		}
	}
	return text + "."
}

func trafficOf(r *loadtest.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/s were answered", rate(r.Rate.Answered))
	if r.Rate.Wanted > 0 {
		fmt.Fprintf(&b, " of %s/s wanted", rate(r.Rate.Wanted))
	}
	// with stages, the lowest rate of answers only shows the lowest stage, so name the highest
	word, sign := "least", 1.0
	if len(r.Load.Stages) > 0 {
		word, sign = "most", -1
	}
	best, at := math.Inf(1), 0.0
	for i, s := range r.Timeline {
		if s.At-s.Seconds < -1e-9 || i == len(r.Timeline)-1 || s.Seconds == 0 { // the last interval may be short
			continue
		}
		if got := sign * float64(s.Answered) / s.Seconds; got < best {
			best, at = got, s.At
		}
	}
	if !math.IsInf(best, 0) {
		fmt.Fprintf(&b, "; the %s was %s/s, at %s", word, rate(sign*best), moment(at))
	}
	if r.Missed > 0 {
		fmt.Fprintf(&b, "; %s were due and not sent", calls(r.Missed))
	}
	return b.String() + "."
}

func errorWords(r *loadtest.Report) string {
	wrong := r.Failed + r.Unanswered
	if r.Sent == 0 {
		return "No call was made."
	}
	if wrong == 0 && r.Expected == 0 {
		return "None: every call was answered with a result."
	}
	text := "Every call was answered as expected"
	part := func(n int64, outcome string) string {
		return fmt.Sprintf("%s (%s) %s", count(n), share(n, r.Sent), outcome)
	}
	switch {
	case r.Failed > 0 && r.Unanswered > 0:
		text = fmt.Sprintf("Of %s, %s and %s", calls(r.Sent), part(r.Failed, "failed"), part(r.Unanswered, "got no answer"))
	case r.Failed > 0:
		text = fmt.Sprintf("Of %s, %s", calls(r.Sent), part(r.Failed, "failed"))
	case r.Unanswered > 0:
		text = fmt.Sprintf("Of %s, %s", calls(r.Sent), part(r.Unanswered, "got no answer"))
	}
	if r.Expected > 0 {
		text += fmt.Sprintf("; %s of the answers are errors that the scenario expects", count(r.Expected))
	}
	return text + "."
}

// shapeOf describes the distribution of the response times in a sentence.
func shapeOf(r *loadtest.Report) string {
	if r.Response.Count == 0 {
		return "Nothing was answered."
	}
	text := fmt.Sprintf("Half of the calls took at most %s; one in a hundred took longer than %s",
		duration(r.Response.P50), duration(r.Response.P99))
	if above(r.Response.Count, .999) > 0 {
		text += fmt.Sprintf(", one in a thousand longer than %s", duration(r.Response.P999))
	}
	if !r.Load.Open {
		return text + ". In a closed loop, a caller that waits makes no calls, so the figures do not show the cost of a stall for other callers."
	}
	return text + "."
}

func lagOf(r *loadtest.Report) string {
	l := r.Generator.Lag
	if l.Count == 0 || !r.Load.Open {
		return ""
	}
	return fmt.Sprintf("99 %% of the calls were sent within %s of when they were due, the latest one %s late.", duration(l.P99), duration(l.Max))
}
