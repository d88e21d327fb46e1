package loadtest

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// The generator is a bottleneck if it keeps its cores busy, because then calls wait
// inside it, or if it sends calls late.
const (
	busyShare = 0.95 // share of the cores that counts as all of them
	lateCalls = 10   // lag in ms; the generator is too slow if a hundredth of the calls has more
	shortfall = 0.99 // share of the due calls that the generator must send
	ownShare  = 0.3  // share of the cores from which the generator helps to fill the machine
)

// counted returns "1 call" or "2 calls".
func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// were returns "1 call was" or "2 calls were".
func were(n int64, noun string) string {
	if n == 1 {
		return counted(n, noun) + " was"
	}
	return counted(n, noun) + " were"
}

// leastJudged is the length in seconds from which the processor time of a run means
// something.
const leastJudged = 1

// bottleneck is the beginning of each doubt about the generator. A search recognizes
// these doubts by it.
const bottleneck = "generator was the bottleneck: "

// crowded is the beginning of the note about a machine that has too much to do.
const crowded = "generator and bot shared a machine that was full: "

// doubts returns the reasons why the figures may be figures of the generator. late is
// the number of missed calls for which the generator was too slow.
func (p *Plan) doubts(rep *Report, late int64) (list []string) {
	g := &rep.Generator
	// do not judge the processor time with a bot in memory, which keeps the same cores
	// busy, nor in a short run, in which the start of the program takes most of it
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

// notes returns further remarks about the figures.
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

// local reports whether the bot is another process on this machine.
func (p *Plan) local() bool {
	u, err := url.Parse(p.Target)
	if err != nil || p.dial() != nil {
		return false
	}
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	return host == "" || strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
