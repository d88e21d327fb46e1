//go:build stress

package stress

import (
	"context"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// A verdict is the sum of a route's lines in the ledger.
type verdict struct {
	calls, runs uint64
	fates       [len(fates)]uint64
}

// judge goes through all lines, when no call can run any more.
func (w *world) judge() []verdict {
	sums := make([]verdict, len(w.book.routes))
	for token := uint64(1); token <= w.book.last.Load(); token++ {
		at := w.book.line(token)
		f, runs, answers := fate(at.fate.Load()), at.runs.Load(), at.answers.Load()
		v := &sums[at.route]
		v.calls++
		v.runs += uint64(runs)
		v.fates[f]++
		bad := func(kind string) {
			w.bad.add(kind, "call %d of %s by %v: %v, ran %d times", token, w.book.routes[at.route], at.by, f, runs)
		}
		switch {
		case answers == 0:
			bad("a call has no outcome")
		case answers > 1:
			bad("a call has two outcomes")
		case runs > 1:
			bad("a call runs twice")
		case runs < fates[f].min:
			bad("a call is answered as if it had run")
		case runs > fates[f].max:
			bad("a call that was refused has run")
		case f == cutOff:
			bad("a switch cuts a call off")
		case f == odd:
			bad("an answer has a code that nobody made")
		}
	}
	return sums
}

// A settling has the bot's own counters at the end of the load.
type settling struct {
	counts map[string]int // by name, the numbers of calls that cogs have counted in their kept state
	stats  map[string]admin.CogStats
}

// settle waits until no call is in flight, and asks the bot for its counters.
func (w *world) settle(bot *client.Client) settling {
	s := settling{counts: map[string]int{}, stats: map[string]admin.CogStats{}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	idle := func(stats admin.BotStats) bool {
		for _, c := range stats.Cogs {
			if c.InFlight > 0 || c.Waiting > 0 || c.Held > 0 {
				return false
			}
		}
		return true
	}
	// ticks come and go, but there is a moment without one
	for giveUp := time.Now().Add(4 * patience); ; time.Sleep(3 * time.Millisecond) {
		stats, err := client.Call(ctx, bot, admin.Stats, wire.Empty{})
		if err != nil {
			w.bad.add("the bot does not tell its counts", "%v", err)
			return s
		}
		for _, c := range stats.Cogs {
			s.stats[c.Name] = c
		}
		if idle(stats) && w.late.Load() == 0 {
			break
		}
		if time.Now().After(giveUp) {
			for _, c := range stats.Cogs {
				w.bad.add("calls stay in flight", "%s: %d, %d wait, %d held; %d goroutines of ended handlers", c.Name, c.InFlight, c.Waiting, c.Held, w.late.Load())
			}
			break
		}
	}
	for _, m := range w.members {
		n, err := client.Call(ctx, bot, wire.Route[wire.Empty, int](m.name+".count"), wire.Empty{})
		if err != nil {
			w.bad.add("a cog does not serve in the end", "%s: %v", m.name, err)
		}
		s.counts[m.name] = n
	}
	for _, c := range w.srv.Cogs() {
		if c.State != "serving" {
			w.bad.add("a cog does not serve in the end", "%s: %+v", c.Name, c)
		}
	}
	return s
}

// compare compares the bot's counters with the ledger. Only cogs that were loaded all
// the time have counters of all calls.
func (w *world) compare(s settling, sums []verdict) {
	for _, m := range w.members {
		w.events.judge(m)
		if made, cleaned := m.made.Load(), m.cleaned.Load(); made != cleaned {
			w.bad.add("an instance is not cleaned up", "%s: %d were made, %d cleaned up", m.name, made, cleaned)
		}
		if !m.strict {
			continue
		}
		var ran uint64
		for n, route := range w.book.routes {
			if strings.HasPrefix(route, m.name+".") {
				ran += sums[n].runs
			}
		}
		stats := s.stats[m.name]
		var turnedAway uint64
		for _, n := range stats.Refused {
			turnedAway += n
		}
		if stats.Calls != ran+turnedAway {
			w.bad.add("the counts of a cog do not add up", "%s: %d calls, %d ran, %d refused: %v", m.name, stats.Calls, ran, turnedAway, stats.Refused)
		}
		if m.keep && s.counts[m.name] != int(ran) {
			w.bad.add("what a cog keeps is not exact", "%s: it kept %d, and %d calls have run", m.name, s.counts[m.name], ran)
		}
	}
}
