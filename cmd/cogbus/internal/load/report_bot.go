package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
)

// printServer prints the bot's own figures about the cogs that the run called.
func printServer(out *cli.Output, r *loadtest.Report) {
	if r.Server == nil {
		return
	}
	var rows [][]string
	for _, c := range r.Server.Cogs {
		if c.Calls == 0 && len(c.Switches) == 0 && len(c.Refused) == 0 {
			continue
		}
		paused := "-"
		if len(c.Switches) > 0 {
			paused = figure(slices.MaxFunc(c.Switches, func(a, b loadtest.Switch) int { return cmp.Compare(a.Paused, b.Paused) }).Paused)
		}
		row := []string{c.Name, figure(float64(c.Calls)), refusals(c.Refused), strconv.Itoa(c.MaxFlight), strconv.Itoa(c.MaxWaiting), strconv.Itoa(c.MaxHeld)}
		for _, l := range []*loadtest.Latency{&c.Queue, &c.Handler} {
			row = append(row, bucketed(l.Count, .5, l.P50), bucketed(l.Count, .99, l.P99))
		}
		rows = append(rows, append(row, strconv.Itoa(len(c.Switches)), paused))
	}
	if len(rows) > 0 {
		out.Printf("\n")
		figures(out, []string{"cog (ms; 1 call of 8 timed)", "calls", "refused", "in flight", "waiting", "held", "queue p50", "p99", "handler p50", "p99", "switches", "paused"}, rows, 2)
	}
}

func refusals(counts map[wire.Code]uint64) string {
	var list []string
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%s %s", figure(float64(counts[code])), code))
	}
	return cmp.Or(strings.Join(list, ", "), "0")
}

// botLine describes the bot's process. It returns "" if the bot sent no figures.
func botLine(server *loadtest.Server) string {
	if server == nil {
		return ""
	}
	text := "bot: heap of " + mebibytes(float64(server.Heap))
	if p := &server.GCPauses; p.Count > 0 {
		text += fmt.Sprintf(", %s for garbage of %s ms at p50 and %s ms at most", cli.Count(int(p.Count), "pause"), tiny(p.P50), tiny(p.Max))
	}
	return text + "\n"
}

func generatorLine(r *loadtest.Report) string {
	g := &r.Generator
	text := "generator: "
	if g.Cores >= 0 {
		text += fmt.Sprintf("%.2f of ", g.Cores)
	}
	text += cli.Count(r.Machine.Cores, "core")
	if g.MachineBusy > 0 { // -1 where the system has no such figure
		text += fmt.Sprintf(" (of all processors %s %% were busy)", figure(100*g.MachineBusy))
	}
	if g.MaxRSS >= 0 {
		text += ", " + mebibytes(float64(g.MaxRSS))
	}
	if r.Load.Open && g.Lag.Count > 0 {
		text += fmt.Sprintf(", calls sent late by %s ms at p99 and %s ms at most", figure(g.Lag.P99), figure(g.Lag.Max))
	}
	return text
}

func connectionLine(l *loadtest.Lines) string {
	list := []string{"connections: " + figure(float64(l.Asked))}
	for _, more := range []struct {
		n    int64
		what string
	}{
		{l.Opened - int64(l.Asked), "more opened later"},
		{l.Failed, "attempts failed"},
		{l.Churned, "replaced"},
		{l.Cut, "cut by faults"},
	} {
		if more.n > 0 {
			list = append(list, figure(float64(more.n))+" "+more.what)
		}
	}
	text := strings.Join(list, ", ")
	if l.Connect.Count > 0 {
		text += fmt.Sprintf("; opening one took %s ms at p50 and %s ms at most", figure(l.Connect.P50), figure(l.Connect.Max))
	}
	return text
}
