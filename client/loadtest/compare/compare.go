package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

// Version is the version of the JSON form of a Comparison. It rises when a member
// changes its meaning or goes; new ones may come without that.
const Version = 1

// Options say what counts as a difference. A nil *Options is a zero one.
type Options struct {
	// Alpha is the probability with which any figure at all of two equal builds
	// may be called different by chance. If zero, it is 0.05.
	Alpha float64

	// MinChange is the least change, in per cent, of the rate and of medians that
	// is told from none. If zero, it is 10. For p90 it is one and a half times
	// that, for p99 and p99.9 three times, for the worst of a second ten times.
	MinChange float64

	// MinShare is the same for shares of calls, in percentage points. If zero, it
	// is 0.1.
	MinShare float64
}

// withDefaults returns the options as they are used. The error says what is wrong
// with them.
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

// A Comparison says how the figures of some runs differ from those of others. It
// holds no NaN and no infinity.
type Comparison struct {
	Version int      `json:"version"`
	Before  int      `json:"before_runs"`
	After   int      `json:"after_runs"`
	Notes   []string `json:"notes,omitempty"` // why the runs are hard to compare
	Figures []Figure `json:"figures"`
}

// A Figure is one number of both.
type Figure struct {
	Name   string  `json:"name"`
	Unit   Unit    `json:"unit"`
	Before float64 `json:"before"` // the median of several runs; of shares that of all their calls
	After  float64 `json:"after"`

	// Change is in per cent of Before; of a share it is in percentage points.
	Change float64 `json:"change"`

	// P is how probable a difference like this would be if there were none,
	// corrected for the number of figures. It is 1 where Test is empty.
	P float64 `json:"p"`

	Test    string  `json:"test,omitempty"` // that gave P; empty if none could be made
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why,omitempty"` // a difference was not told, although P may be small
}

// Unit is what a figure is counted in.
type Unit string

// The units.
const (
	PerSecond Unit = "/s"
	Millis    Unit = "ms"
	Percent   Unit = "%" // of the calls
)

// Verdict says which way a figure has gone.
type Verdict string

// The verdicts. Of a rate more is better, of all else less.
const (
	Better Verdict = "better"
	Worse  Verdict = "worse"
	Same   Verdict = "~" // no difference beyond noise
)

// Runs compares runs of the same load: those before a change with those after it.
// What makes them hard to compare becomes a note. It is an error if there are no
// reports on a side, or if one is nil or of another version.
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
				return nil, fmt.Errorf("compare: report %d of those %s is nil", i+1, side.name)
			case r.Version != loadtest.ReportVersion:
				return nil, fmt.Errorf("compare: report %d of those %s has version %d; this program reads %d",
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

// judge corrects the p-values of the figures that were tested and gives the verdicts.
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
