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

// A Try is a run at one rate. There may be several at the same.
type Try struct {
	Rate     float64   `json:"rate"`
	Held     bool      `json:"held"` // the goals, in a run that was not invalid
	Verdicts []Verdict `json:"goals"`
	Invalid  []string  `json:"invalid,omitempty"`
	Notes    []string  `json:"notes,omitempty"` // Report.Notes
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
// halves the distance. Each run takes p.Duration, 10 s if zero. A rate does not hold
// if two runs at it have missed the goals, or three were invalid: one may be bad luck.
// Where the generator was the bottleneck, Limit says that the limit is its own, and
// another generator may find more. The search also ends when a run cannot be made
// any more, such as when the bot is gone, or ctx is done: after the first run FindMax
// returns what it has found, and no error.
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
	f := &finding{Found: Found{Version: ReportVersion}, plan: p, search: s}
	if err := f.find(ctx); err != nil {
		return nil, err
	}
	if r := cmp.Or(f.Report, f.last); r != nil {
		for _, g := range f.search.Goals {
			if doubt := g.doubt(r); doubt != "" {
				f.Limit += "; " + doubt
			}
		}
	}
	return &f.Found, nil
}

// A finding is a search that is carried out.
type finding struct {
	Found
	plan   Plan
	search Search
	last   *Report // nil before the first
}

// find tries rates until Limit is known. The error is that of the first run.
func (f *finding) find(ctx context.Context) error {
	precision := 1 + cmp.Or(f.search.Precision, 0.05)
	most := f.search.Most
	low, high := 0.0, 0.0 // held; did not hold, 0: not known
	rate := cmp.Or(f.search.Start, f.plan.Rate, 100)
	for {
		if most > 0 {
			rate = min(rate, most)
		}
		held, over, err := f.try(ctx, rate)
		if err != nil || over {
			return err
		}
		if held {
			low = rate
		} else {
			high = rate
		}
		switch {
		case most > 0 && low >= most:
			f.Limit = fmt.Sprintf("more than %s a second was not asked for", strconv.FormatFloat(most, 'f', -1, 64))
			return nil
		case high == 0:
			rate = 2 * low
		case high < 1, low > 0 && high/low <= precision:
			return nil
		default:
			if rate = (low + high) / 2; rate <= low || rate >= high { // Precision is too fine for numbers
				return nil
			}
		}
	}
}

// How many runs at a rate say that it does not hold.
const (
	badRuns     = 2 // that missed a goal
	invalidRuns = 3
)

// try runs at a rate until that holds or does not. It reports whether the search is
// over, and Limit says why.
func (f *finding) try(ctx context.Context, rate float64) (holds, over bool, err error) {
	f.plan.Rate = rate
	for bad, invalid := 0, 0; bad < badRuns && invalid < invalidRuns; {
		if ctx.Err() != nil {
			f.Limit = "the search was interrupted"
			return false, true, nil
		}
		r, err := Run(ctx, f.plan)
		switch {
		case ctx.Err() != nil && (r == nil || r.End == EndInterrupted):
			continue
		case err != nil && (r == nil || r.End != EndLost):
			if len(f.Tries) == 0 {
				return false, true, err
			}
			f.Limit = err.Error() // what was found is true of the bot that was there
			return false, true, nil
		}
		t := Try{Rate: rate, Held: held(r) && len(r.Invalid) == 0, Verdicts: r.Goals, Invalid: r.Invalid, Notes: r.Notes}
		f.Tries, f.last = append(f.Tries, t), r
		if f.search.Progress != nil {
			f.search.Progress(t)
		}
		switch {
		case t.Held:
			f.Rate, f.Report = rate, r
			return true, false, nil
		case r.End == EndLost:
			f.Limit = missed(r)
			return false, true, nil
		case len(r.Invalid) > 0:
			f.Limit = invalidity(r)
			invalid++
		default:
			f.Limit = missed(r)
			bad++
		}
	}
	return false, false, nil
}

// invalidity says why no run at a rate was valid.
func invalidity(r *Report) string {
	for _, why := range r.Invalid {
		if strings.HasPrefix(why, bottleneck) {
			return "the limit is the generator's, and not the bot's: " + why
		}
	}
	return r.Invalid[0]
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
	said := []string{"missed " + strings.Join(list, ", ")}
	for _, note := range r.Notes {
		if strings.HasPrefix(note, crowded) {
			said = append(said, note)
		}
	}
	return strings.Join(said, "; ")
}
