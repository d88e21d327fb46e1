package loadtest

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// The generator is a bottleneck when it keeps its cores busy, since then calls
// wait in it, or when calls leave it late.
const (
	busyShare = 0.95 // of the cores
	lateCalls = 10   // ms, of a hundredth of the calls
	shortfall = 0.99 // of the calls that were due
	ownShare  = 0.3  // of its cores, from which on a full machine is full by the generator too
)

// counted returns "1 call" or "2 calls".
func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// were returns "1 call was" or "2 calls were".
func were(n int64, what string) string {
	if n == 1 {
		return counted(n, what) + " was"
	}
	return counted(n, what) + " were"
}

// leastJudged is how long a run has to be, in seconds, for its processor time to say
// something.
const leastJudged = 1

// bottleneck begins what doubts says of the generator, by which a search knows it.
const bottleneck = "generator was the bottleneck: "

// crowded begins what notes says of a machine that has too much to do.
const crowded = "generator and bot shared a machine that was full: "

// doubts returns why the figures may be the generator's own.
func (p *Plan) doubts(rep *Report, late int64) (list []string) {
	g := &rep.Generator
	// a bot in memory has the same cores, which it keeps busy; and what a moment
	// takes is the start of the program
	if !p.open() && rep.Measured >= leastJudged && g.Cores > busyShare*float64(rep.Machine.Cores) && p.dial() == nil {
		list = append(list, fmt.Sprintf(bottleneck+"it kept %.2f of its %d cores busy, so the bot has more to give, and latencies hold its own waiting", g.Cores, rep.Machine.Cores))
	}
	if n := rep.Missed - late; n > 0 {
		list = append(list, fmt.Sprintf("%s not sent when due, since %s under way, which is the most that there may be", were(n, "call"), were(int64(p.MaxInFlight), "call")))
	}
	if late > 0 {
		list = append(list, fmt.Sprintf(bottleneck+"%s due and not sent before the end", were(late, "call")))
	}
	if p.open() && g.Lag.P99 > lateCalls {
		list = append(list, fmt.Sprintf(bottleneck+"one call in a hundred was sent %.1f ms or more after it was due", g.Lag.P99))
	}
	if p.open() && rep.End == EndDone && rep.Rate.Sent < shortfall*rep.Rate.Wanted && rep.Missed == 0 {
		list = append(list, fmt.Sprintf(bottleneck+"%.0f calls a second were due, and %.0f were sent", rep.Rate.Wanted, rep.Rate.Sent))
	}
	return list
}

// notes returns what else there is to know of the figures.
func (p *Plan) notes(rep *Report) (list []string) {
	for _, g := range p.Goals {
		if text := g.doubt(rep); text != "" {
			list = append(list, text)
		}
	}
	g := &rep.Generator
	if p.local() && g.MachineBusy > busyShare && g.Cores > ownShare*float64(rep.Machine.Cores) {
		list = append(list, fmt.Sprintf(crowded+"%.0f %% of its processors were busy, %.2f of them by the generator; with that on another machine the bot may do more", 100*g.MachineBusy, g.Cores))
	}
	return list
}

// local reports whether the bot is a process of this machine.
func (p *Plan) local() bool {
	u, err := url.Parse(p.Target)
	if err != nil || p.dial() != nil {
		return false
	}
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	return host == "" || strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
