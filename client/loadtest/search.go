package loadtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Search looks for the highest rate at which a bot meets goals.
type Search struct {
	Goals []Goal

	// Start is the first rate that is tried. If zero, it is the plan's Rate, else
	// 100 calls a second.
	Start float64

	// Most is the highest rate that is tried. If zero, there is no limit.
	Most float64

	// Precision is how close to the highest rate the search comes, as a share of
	// it. If zero, it is 0.05.
	Precision float64

	// Progress is called after each try, and must not change it. May be nil.
	Progress func(Try)
}

// A Try is a run at one rate.
type Try struct {
	Rate     float64   `json:"rate"`
	Held     bool      `json:"held"` // the goals, in a run that was not invalid
	Verdicts []Verdict `json:"goals"`
	Invalid  []string  `json:"invalid,omitempty"`
}

// Found is the outcome of a Search.
type Found struct {
	Version int     `json:"version"` // ReportVersion
	Rate    float64 `json:"rate"`    // the highest that held; 0: none
	Limit   string  `json:"limit"`   // why a higher one did not, or was not tried
	Tries   []Try   `json:"tries"`
	Report  *Report `json:"report"` // of the run at that rate; nil if none held
}

// FindMax runs p at rates that double until one does not meet the goals, and then
// halves the distance. Each run takes p.Duration, 10 s if zero. A rate at which the
// run is invalid, since the generator was the bottleneck, is one that did not hold:
// Limit says so then, and another generator may find more. The search also ends when
// the bot is lost, or ctx done: FindMax returns what it has found, and no error.
func FindMax(ctx context.Context, p Plan, s Search) (*Found, error) {
	switch {
	case len(s.Goals) == 0:
		return nil, errors.New("loadtest: a search needs goals")
	case len(p.Stages) > 0 || p.Callers > 0 || p.Depth > 0 || p.Count > 0:
		return nil, errors.New("loadtest: a search sets the rate itself: Stages, Callers, Depth and Count are of no use")
	case !(s.Start >= 0) || !(s.Most >= 0) || !(s.Precision >= 0) || s.Start > mostRate || s.Most > mostRate:
		return nil, fmt.Errorf("loadtest: Start and Most of a search must be from 0 to %g, its Precision not below zero", mostRate)
	}
	p.Goals = s.Goals
	p.Duration = cmp.Or(p.Duration, 10*time.Second)
	precision := 1 + cmp.Or(s.Precision, 0.05)
	f := &Found{Version: ReportVersion}
	low, high := 0.0, 0.0 // held; did not hold, 0: not known
	rate := cmp.Or(s.Start, p.Rate, 100)
	for ctx.Err() == nil {
		if s.Most > 0 {
			rate = min(rate, s.Most)
		}
		p.Rate = rate
		r, err := Run(ctx, p)
		if ctx.Err() != nil && (r == nil || r.End == EndInterrupted) {
			break
		}
		if err != nil && r == nil && len(f.Tries) > 0 { // it did not survive the last one
			f.Limit = err.Error()
			return f, nil
		}
		if err != nil && (r == nil || r.End != EndLost) {
			return nil, err
		}
		t := Try{Rate: rate, Held: held(r) && len(r.Invalid) == 0, Verdicts: r.Goals, Invalid: r.Invalid}
		f.Tries = append(f.Tries, t)
		if s.Progress != nil {
			s.Progress(t)
		}
		switch {
		case t.Held:
			low, f.Rate, f.Report = rate, rate, r
		case len(r.Invalid) > 0:
			high, f.Limit = rate, r.Invalid[0]
		default:
			high, f.Limit = rate, missed(r)
		}
		switch {
		case r.End == EndLost:
			return f, nil
		case s.Most > 0 && low >= s.Most:
			f.Limit = fmt.Sprintf("more than %s a second was not asked for", strconv.FormatFloat(s.Most, 'f', -1, 64))
			return f, nil
		case high == 0:
			rate = 2 * low
		case high < 1, low > 0 && high/low <= precision:
			return f, nil
		default:
			if rate = (low + high) / 2; rate <= low || rate >= high { // Precision is too fine for numbers
				return f, nil
			}
		}
	}
	f.Limit = "the search was interrupted"
	return f, nil
}

// held reports whether a run has met its goals.
func held(r *Report) bool {
	for _, v := range r.Goals {
		if !v.Met {
			return false
		}
	}
	return r.End == EndDone
}

// missed says why a run did not hold.
func missed(r *Report) string {
	var list []string
	if r.End == EndLost {
		return string(r.End) + ": " + r.EndedBy
	}
	for _, v := range r.Goals {
		if !v.Met {
			list = append(list, fmt.Sprintf("%s (it is %s)", v.Goal, v.got()))
		}
	}
	if len(list) == 0 {
		return string(r.End) + ": " + r.EndedBy
	}
	return "missed " + strings.Join(list, ", ")
}
