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

// A Search describes how FindMax looks for the highest rate at which a bot meets its
// goals.
type Search struct {
	Goals []Goal

	// Start is the first rate that FindMax tries. If zero, it is the plan's Rate; if
	// that is zero too, 100 calls a second.
	Start float64

	// Most is the highest rate that FindMax tries. If zero, there is no limit.
	Most float64

	// Precision is the largest allowed distance between the result and the highest
	// rate, as a share of that rate. If zero, it is 0.05.
	Precision float64

	// Progress is called after each try. It must not change the Try. May be nil.
	Progress func(Try)
}

// A Try is a run at one rate. There may be several tries at the same rate.
type Try struct {
	Rate     float64   `json:"rate"`
	Held     bool      `json:"held"` // the run was valid and met the goals
	Verdicts []Verdict `json:"goals"`
	Invalid  []string  `json:"invalid,omitempty"`
	Notes    []string  `json:"notes,omitempty"` // Report.Notes
}

// Found is the outcome of a Search.
type Found struct {
	Version int     `json:"version"` // ReportVersion
	Rate    float64 `json:"rate"`    // the highest rate that held; 0 if none did
	Limit   string  `json:"limit"`   // why a higher rate did not hold, or why FindMax did not try one
	Tries   []Try   `json:"tries"`
	Report  *Report `json:"report"` // the run at that rate; nil if no rate held
}

// FindMax finds the highest rate at which the bot meets the goals. It doubles the rate
// of p until a rate does not hold, and then halves the distance between the rates.
// Each run takes p.Duration; if zero, 10 s.
//
//   - A rate does not hold if two runs at it missed the goals, or if three were
//     invalid. A single bad run may be chance.
//   - If the generator was the bottleneck, Limit says so. A faster generator may find
//     a higher rate.
//   - The search ends early if a run fails, for example because the bot has gone, or
//     if ctx is done. If the first run fails, FindMax returns its error. Later it
//     returns the result so far, and no error.
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

// A finding is the state of a search.
type finding struct {
	Found
	plan   Plan
	search Search
	last   *Report // the last run; nil before the first one has ended
}

// find tries rates until Limit is known. It returns an error only if the first run
// fails.
func (f *finding) find(ctx context.Context) error {
	precision := 1 + cmp.Or(f.search.Precision, 0.05)
	most := f.search.Most
	low, high := 0.0, 0.0 // the highest rate that held, and the lowest that did not; 0 if unknown
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
			if rate = (low + high) / 2; rate <= low || rate >= high { // no number lies between them, because Precision is too small
				return nil
			}
		}
	}
}

// A rate does not hold after so many runs at it.
const (
	badRuns     = 2 // runs that missed a goal
	invalidRuns = 3
)

// try makes runs at a rate until it knows whether the rate holds. It also reports
// whether the search is over; then Limit says why.
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
			f.Limit = err.Error() // the result so far is true of the bot that was there
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

// invalidity returns the reason why a run was invalid.
func invalidity(r *Report) string {
	for _, why := range r.Invalid {
		if strings.HasPrefix(why, bottleneck) {
			return "the limit is the generator's, and not the bot's: " + why
		}
	}
	return r.Invalid[0]
}

// held reports whether a run met its goals.
func held(r *Report) bool {
	for _, v := range r.Goals {
		if !v.Met {
			return false
		}
	}
	return r.End == EndDone
}

// missed returns the reason why a valid run did not hold.
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
