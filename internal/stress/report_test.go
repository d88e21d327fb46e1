//go:build stress

package stress

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report prints the ledger.
func (w *world) report(out io.Writer, sums []verdict, s settling, r *resources, length time.Duration) {
	fmt.Fprintf(out, "\n%d calls in %v, GOMAXPROCS %d\n\n", w.book.last.Load(), length, runtime.GOMAXPROCS(0))
	w.reportCalls(out, sums)
	w.work.report(out)
	w.reportCogs(out, s)
	fmt.Fprintf(out, "%v\n\n", r)
	w.bad.report(out)
}

func (w *world) reportCalls(out io.Writer, sums []verdict) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "route\tcalls\truns\tlongest\toutcomes")
	var all verdict
	for n, v := range sums {
		if v.calls == 0 {
			continue
		}
		all.calls += v.calls
		all.runs += v.runs
		for f, k := range v.fates {
			all.fates[f] += k
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%v\t%s\n", w.book.routes[n], v.calls, v.runs, time.Duration(w.book.longest[n].Load()).Round(time.Millisecond), v.outcomes())
	}
	fmt.Fprintf(t, "all\t%d\t%d\t\t%s\n", all.calls, all.runs, all.outcomes())
	_ = t.Flush()
	fmt.Fprintf(out, "the latest answer came %v after its deadline\n\n", time.Duration(w.book.latest.Load()).Round(time.Millisecond))
}

func (v verdict) outcomes() string {
	var parts []string
	for f, k := range v.fates {
		if k > 0 {
			parts = append(parts, fmt.Sprintf("%v %d", fate(f), k))
		}
	}
	return strings.Join(parts, ", ")
}

func (o *operations) report(out io.Writer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "operation\tok\tfailed as planned\trefused\tfailed\tlongest\tlimit")
	reloads, failed := 0, 0
	slices.Sort(o.names)
	for _, name := range o.names {
		row := o.rows[name]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%v\t%v\n", name, row.done, row.planned, row.refused, row.failed, row.longest.Round(time.Millisecond), row.limit)
		if strings.HasPrefix(name, "reload") {
			reloads += row.done
			failed += row.planned + row.refused + row.failed
		}
	}
	fmt.Fprintf(t, "reloads in all\t%d\t%d failed\n\n", reloads, failed)
	_ = t.Flush()
}

func (w *world) reportCogs(out io.Writer, s settling) {
	w.events.mu.Lock()
	defer w.events.mu.Unlock()
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "cog\tinstances\tticks\tevents\tseen by listeners\trefused\tcounted calls\tof them refused")
	for _, m := range w.members {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%v\n", m.name, m.made.Load(), m.ticked.Load(), w.events.emitted[m.name], w.events.seenBy[m.name], w.events.missed[m.name], s.stats[m.name].Calls, s.stats[m.name].Refused)
	}
	fmt.Fprintln(t)
	_ = t.Flush()
}
