package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

// Version is the version of the JSON form of a Comparison. It rises when a member
// changes its meaning or is removed. A new member does not change it.
const Version = 1

// Options define a difference. A nil *Options means the zero Options.
type Options struct {
	// Alpha is the probability that the comparison of two equal builds finds a
	// difference, in any figure, by chance. If zero, it is 0.05.
	Alpha float64

	// MinChange is the smallest change of the rate and of medians that counts as a
	// difference, in per cent. If zero, it is 10. For other figures it is multiplied:
	// for p90 by 1.5, for p99 and p99.9 by 3, for the worst of a second by 10.
	MinChange float64

	// MinShare is the smallest change of a share of the calls that counts as a
	// difference, in percentage points. If zero, it is 0.1.
	MinShare float64
}

// withDefaults returns the options with their defaults filled in, or an error if one
// of them is invalid.
func (o *Options) withDefaults() (Options, error) {
	d := Options{Alpha: 0.05, MinChange: 10, MinShare: 0.1}
	if o == nil {
		return d, nil
	}
	for _, v := range []float64{o.Alpha, o.MinChange, o.MinShare} {
		if !(v >= 0) || math.IsInf(v, 1) || o.Alpha >= 1 { // so that NaN fails too
			return d, fmt.Errorf("compare: Alpha %v, MinChange %v, MinShare %v: want none below zero, and Alpha below 1", o.Alpha, o.MinChange, o.MinShare)
		}
	}
	d.Alpha, d.MinChange, d.MinShare = cmp.Or(o.Alpha, d.Alpha), cmp.Or(o.MinChange, d.MinChange), cmp.Or(o.MinShare, d.MinShare)
	return d, nil
}

// A Comparison says how the figures of the runs before a change differ from the
// figures after it. It contains no NaN and no infinity.
type Comparison struct {
	Version int      `json:"version"`
	Before  int      `json:"before_runs"`
	After   int      `json:"after_runs"`
	Notes   []string `json:"notes,omitempty"` // reasons why the runs are hard to compare
	Figures []Figure `json:"figures"`
}

// A Figure is one number of the runs, before and after.
type Figure struct {
	Name   string  `json:"name"`
	Unit   Unit    `json:"unit"`
	Before float64 `json:"before"` // the median of the runs; a share is the share of the calls of all runs
	After  float64 `json:"after"`

	// Change is in per cent of Before. The change of a share is in percentage points.
	Change float64 `json:"change"`

	// P is the probability of such a difference, or a larger one, between equal
	// builds. It is corrected for the number of figures, and is 1 if Test is empty.
	P float64 `json:"p"`

	Test    string  `json:"test,omitempty"` // the test that computed P; empty if none was possible
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why,omitempty"` // the reason why the figure does not count as different, although P may be small
}

// Unit is the unit of a figure.
type Unit string

// The units.
const (
	PerSecond Unit = "/s"
	Millis    Unit = "ms"
	Percent   Unit = "%" // share of the calls
)

// Verdict says whether a figure is better or worse than before.
type Verdict string

// The verdicts. A higher rate is better, and a lower value of all other figures.
const (
	Better Verdict = "better"
	Worse  Verdict = "worse"
	Same   Verdict = "~" // no difference beyond noise
)

// Runs compares runs of the same load, before and after a change. Differences that
// make the runs hard to compare become notes. It returns an error if a side has no
// report, or if a report is nil or has another version.
func Runs(before, after []*loadtest.Report, o *Options) (*Comparison, error) {
	opts, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	for _, side := range []struct {
		name    string
		reports []*loadtest.Report
	}{{"before", before}, {"after", after}} {
		if len(side.reports) == 0 {
			return nil, fmt.Errorf("compare: no report of a run %s", side.name)
		}
		for i, r := range side.reports {
			switch {
			case r == nil:
				return nil, fmt.Errorf("compare: report %d of the reports %s is nil", i+1, side.name)
			case r.Version != loadtest.ReportVersion:
				return nil, fmt.Errorf("compare: report %d of the reports %s has version %d; this program reads %d",
					i+1, side.name, r.Version, loadtest.ReportVersion)
			}
		}
	}
	c := &Comparison{Version: Version, Before: len(before), After: len(after), Notes: notes(before, after)}
	a, b := newSide(before), newSide(after)
	for _, m := range measures(a, b) {
		if f, ok := m.compare(a, b, opts); ok {
			c.Figures = append(c.Figures, f)
		}
	}
	for _, s := range shares {
		if f, ok := s.compare(a, b, opts); ok {
			c.Figures = append(c.Figures, f)
		}
	}
	c.judge(opts.Alpha)
	differs := func(f Figure) bool { return f.Verdict != Same }
	if min(len(before), len(after)) < fewRuns && slices.ContainsFunc(c.Figures, differs) {
		c.Notes = append(c.Notes, fmt.Sprintf("other work on the machine looks like a change too; %d runs a side, made in turns, tell it apart", fewRuns))
	}
	return c, nil
}

// judge corrects the p-values of the tested figures, and sets the verdicts.
func (c *Comparison) judge(alpha float64) {
	var tested []*float64
	for i := range c.Figures {
		if c.Figures[i].Test != "" {
			tested = append(tested, &c.Figures[i].P)
		}
	}
	holm(tested)
	for i := range c.Figures {
		f := &c.Figures[i]
		switch {
		case f.Test == "" || f.Why != "" || f.P >= alpha:
		case (f.Change > 0) == (f.Unit == PerSecond):
			f.Verdict = Better
		default:
			f.Verdict = Worse
		}
	}
}

// Regressed reports whether any figure is worse.
func (c *Comparison) Regressed() bool {
	return slices.ContainsFunc(c.Figures, func(f Figure) bool { return f.Verdict == Worse })
}
