package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
)

// outcomesOf answers the first questions of a reader: were the goals met, are the
// figures valid, did the run reach its end, and did the faults have effects.
func outcomesOf(r *loadtest.Report, impacts []impact) []outcome {
	return []outcome{goalsOf(r), validityOf(r), endOf(r), faultsOf(r, impacts)}
}

func goalsOf(r *loadtest.Report) outcome {
	o := outcome{Name: "Goals", State: "none", Text: "None were set"}
	var met []string
	for _, g := range r.Goals {
		if g.Met {
			met = append(met, "met: "+g.Goal+", got "+got(g))
		} else {
			o.More = append(o.More, "missed: "+g.Goal+", got "+got(g))
		}
	}
	switch missed := len(o.More); {
	case len(r.Goals) == 0:
	case missed > 0 && len(r.Goals) == 1:
		o.State, o.Text = "bad", "Missed"
	case missed > 0:
		o.State, o.Text = "bad", fmt.Sprintf("%d of %d missed", missed, len(r.Goals))
	case len(r.Invalid) > 0:
		o.State, o.Text = "bad", "Met, which proves nothing: the run is not valid"
	case len(r.Goals) == 1:
		o.State, o.Text = "good", "Met"
	default:
		o.State, o.Text = "good", fmt.Sprintf("All %d met", len(r.Goals))
	}
	o.More = append(o.More, met...)
	return o
}

// got formats the figure of a verdict, as a time, a share or a number, by the bound of
// its goal.
func got(v loadtest.Verdict) string {
	at := strings.LastIndexAny(v.Goal, "<>=")
	name, bound := strings.TrimRight(v.Goal[:max(at, 0)], "<>= "), strings.TrimSpace(v.Goal[at+1:])
	if _, err := time.ParseDuration(bound); err == nil && bound != "0" {
		return duration(v.Got)
	}
	if strings.HasSuffix(bound, "%") || name == "err" || name == "unanswered" {
		return digits(rounded(v.Got)) + " %"
	}
	return rate(v.Got)
}

func validityOf(r *loadtest.Report) outcome {
	o := outcome{Name: "Figures", State: "good", Text: "Valid"}
	switch {
	case len(r.Invalid) > 0:
		o.State, o.Text = "bad", "Not valid"
	case r.Sent == 0:
		return outcome{Name: "Figures", State: "none", Text: "There are none"}
	}
	o.More = append(o.More, r.Notes...)
	if r.Load.Open {
		o.More = append(o.More, fmt.Sprintf("%s/s sent of %s/s wanted", rate(r.Rate.Sent), rate(r.Rate.Wanted)))
	}
	if l := r.Generator.Lag; r.Load.Open && l.Count > 0 {
		o.More = append(o.More, "sent at most "+duration(l.P99)+" late (p99)")
	}
	if p, _ := deepest(r.Response.Count); p != "" {
		o.More = append(o.More, "calls enough up to "+p)
	} else {
		o.More = append(o.More, "too few calls for percentiles")
	}
	return o
}

func endOf(r *loadtest.Report) outcome {
	o := outcome{Name: "Run", State: "bad"}
	switch r.End {
	case loadtest.EndDone:
		o.State, o.Text = "good", "Ran to its end"
	case loadtest.EndInterrupted:
		o.State, o.Text = "warn", "Interrupted"
	case loadtest.EndAborted:
		o.Text = "Aborted"
	case loadtest.EndScenario:
		o.Text = "The scenario failed"
	case loadtest.EndLost:
		o.Text = "Target lost"
	case loadtest.EndRefused:
		o.Text = "Refused by the bot"
	default:
		o.Text = string(r.End)
	}
	o.More = append(o.More, moment(r.Measured)+" measured")
	if r.EndedBy != "" {
		o.More = append(o.More, r.EndedBy)
	}
	return o
}

func faultsOf(r *loadtest.Report, impacts []impact) outcome {
	if len(impacts) == 0 {
		return outcome{Name: "Faults", State: "none", Text: "None were made"}
	}
	o := outcome{Name: "Faults", State: "good", Text: plural(len(impacts), "fault")}
	failed, unanswered := noticed(r.Timeline, impacts)
	slow, open, never := 0.0, 0, 0
	for _, f := range impacts {
		slow = max(slow, f.Max)
		if f.Open {
			open++
		}
		if f.Err != "" {
			never++
		}
	}
	o.More = []string{fmt.Sprintf("around them %s failed, %s unanswered; the slowest call took %s", count(failed), count(unanswered), duration(slow))}
	if failed+unanswered > 0 || open > 0 {
		o.State = "warn"
	}
	if open > 0 {
		o.More = append(o.More, fmt.Sprintf("after %d of them calm did not come before the next, or the end", open))
	}
	if never > 0 {
		o.State = "bad"
		o.Text = fmt.Sprintf("%d of %d did not happen", never, len(impacts))
	}
	return o
}

// trustOf returns the facts by which a reader can judge the validity of the figures.
func trustOf(r *loadtest.Report) []fact {
	var facts []fact
	if r.Load.Open {
		facts = append(facts, fact{"Rate kept", fmt.Sprintf("%s/s sent of %s/s wanted; %s due and not sent", rate(r.Rate.Sent), rate(r.Rate.Wanted), calls(r.Missed))})
	} else {
		facts = append(facts, fact{"Rate", fmt.Sprintf("%s/s sent: as fast as answers came", rate(r.Rate.Sent))})
	}
	g := r.Generator
	if r.Load.Open && g.Lag.Count > 0 {
		facts = append(facts, fact{"On time", fmt.Sprintf("p99 sent %s after they were due, the latest one %s", duration(g.Lag.P99), duration(g.Lag.Max))})
	}
	if g.Cores >= 0 && r.Machine.Cores > 0 {
		text := fmt.Sprintf("%s of %s busy", digits(rounded(g.Cores)), plural(r.Machine.Cores, "core"))
		if g.MachineBusy > 0 { // -1 if the system does not report it
			text += fmt.Sprintf("; of all processors there %s %%", digits(rounded(100*g.MachineBusy)))
		}
		facts = append(facts, fact{"Generator", text})
	}
	facts = append(facts, fact{"Calls enough", enough(r.Response.Count)})
	if r.Load.Warmup > 0 {
		facts = append(facts, fact{"Warm-up", moment(r.Load.Warmup) + ", not counted"})
	}
	return facts
}

// enough returns a sentence about the highest percentile with enough calls.
func enough(n int64) string {
	if n == 0 {
		return "no times were measured"
	}
	best, over := deepest(n)
	if best == "" {
		return count(n) + " times: too few for any percentile"
	}
	return fmt.Sprintf("%s times: good for percentiles up to %s, above which %s lie", count(n), best, count(over))
}

// deepest returns the highest percentile that has enough of n calls above it, and the
// number of those calls.
func deepest(n int64) (name string, over int64) {
	for _, p := range []struct {
		name     string
		quantile float64
	}{{"p50", .5}, {"p90", .9}, {"p99", .99}, {"p99.9", .999}, {"p99.99", .9999}} {
		if k := above(n, p.quantile); k >= enoughAbove {
			name, over = p.name, k
		}
	}
	return name, over
}
