package compare

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText writes c as a table with a line for each figure, and the notes below it.
// It returns the error of w.
func (c *Comparison) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	// t keeps write errors, and Flush returns them
	_, _ = fmt.Fprintln(t, "figure\tbefore\tafter\tchange\tverdict")
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
	_, err := fmt.Fprintln(w, c.conclusion())
	return err
}

// conclusion returns the result of the table in one line.
func (c *Comparison) conclusion() string {
	if len(c.Figures) == 0 {
		return "nothing could be compared: no figure is there on both sides"
	}
	if !slices.ContainsFunc(c.Figures, func(f Figure) bool { return f.Test != "" }) {
		return "nothing could be tested: " + c.Figures[0].Why
	}
	var list []string
	for _, v := range []Verdict{Worse, Better} {
		var names []string
		for _, f := range c.Figures {
			if f.Verdict == v {
				names = append(names, f.Name)
			}
		}
		if len(names) > 0 {
			list = append(list, string(v)+": "+strings.Join(names, ", "))
		}
	}
	return cmp.Or(strings.Join(list, "; "), "no difference found")
}

// outcome returns the change, and the verdict with its reason.
func (f *Figure) outcome() string {
	var inner []string
	if f.Test != "" {
		inner = append(inner, pvalue(f.P))
	}
	if f.Verdict == Same && f.Why != "" {
		inner = append(inner, f.Why)
	}
	unit := "%"
	if f.Unit == Percent {
		unit = "points"
	}
	change := math.Round(10*f.Change)/10 + 0 // not -0
	text := fmt.Sprintf("%+.1f %s\t%s", change, unit, f.Verdict)
	if len(inner) > 0 {
		text += " (" + strings.Join(inner, "; ") + ")"
	}
	return text
}

func pvalue(p float64) string {
	if p < 0.001 {
		return "p<0.001"
	}
	return fmt.Sprintf("p=%.2g", p)
}

// format returns v with three significant digits, because noise hides further ones.
// It does not round the digits before the point.
func (u Unit) format(v float64) string {
	if v == 0 {
		return u.of("0")
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	digits = min(max(digits, 0), 9)
	s := strconv.FormatFloat(v, 'f', digits, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return u.of(whole)
}

// of adds the unit to a number.
func (u Unit) of(number string) string {
	if u == PerSecond {
		return number + string(u)
	}
	return number + " " + string(u)
}
