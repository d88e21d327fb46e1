package compare

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText writes c as a table, a line for each figure, and the notes below it.
// The error is that of w.
func (c *Comparison) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	// errors of writing t come again from its Flush
	_, _ = fmt.Fprintln(t, "figure\tbefore\tafter\tchange")
	for _, f := range c.Figures {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Name, f.Unit.format(f.Before), f.Unit.format(f.After), f.outcome())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, n := range c.Notes {
		if _, err := fmt.Fprintln(w, "note: "+n); err != nil {
			return err
		}
	}
	return nil
}

// outcome returns the change with its verdict, or why there is none.
func (f *Figure) outcome() string {
	var inner []string
	if f.Test != "" {
		inner = append(inner, pvalue(f.P))
	}
	if f.Verdict == Same {
		if f.Why != "" {
			inner = append(inner, f.Why)
		}
		return fmt.Sprintf("%s (%s)", Same, strings.Join(inner, "; "))
	}
	unit := "%"
	if f.Unit == Percent {
		unit = "points"
	}
	return fmt.Sprintf("%+.1f %s  %s (%s)", f.Change, unit, f.Verdict, strings.Join(inner, "; "))
}

func pvalue(p float64) string {
	if p < 0.001 {
		return "p<0.001"
	}
	return fmt.Sprintf("p=%.2g", p)
}

// format returns v with three significant digits, as many as noise leaves; a rate
// with all of them before the point.
func (u Unit) format(v float64) string {
	digits := 0
	switch {
	case v < 1:
		digits = 3
	case v < 10:
		digits = 2
	case v < 100:
		digits = 1
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if u == PerSecond {
		return whole + string(u)
	}
	return whole + " " + string(u)
}
