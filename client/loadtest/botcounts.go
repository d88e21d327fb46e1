package loadtest

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// A botCounts is what a bot has counted during the measurement, added up from one
// reading to the next: the counts of a cog that is unloaded, or whose bot is
// started anew, begin again at zero, so the last ones do not tell. Only what
// happened between the last reading and that is lost.
type botCounts struct {
	order    []string // names, as they came up
	cogs     map[string]*cogCounts
	gcPauses times
}

type cogCounts struct {
	calls          uint64
	refused        map[wire.Code]uint64
	queue, handler times
	switches       []admin.SwitchStats
}

// add adds what was counted between two readings.
func (b *botCounts) add(before, after *admin.BotStats) {
	b.gcPauses.add(before.GCPauses, after.GCPauses)
	for _, now := range after.Cogs {
		c := b.cogs[now.Name]
		if c == nil {
			c = &cogCounts{refused: map[wire.Code]uint64{}}
			if b.cogs == nil {
				b.cogs = map[string]*cogCounts{}
			}
			b.cogs[now.Name] = c
			b.order = append(b.order, now.Name)
		}
		old := goneOn(before, &now)
		c.calls += now.Calls - old.Calls
		for code, n := range now.Refused {
			if n > old.Refused[code] {
				c.refused[code] += n - old.Refused[code]
			}
		}
		c.queue.add(old.Queue, now.Queue)
		c.handler.add(old.Handler, now.Handler)
		for _, sw := range now.Switches {
			if n := len(c.switches); n == 0 || sw.At.After(c.switches[n-1].At) {
				c.switches = append(c.switches, sw)
			}
		}
	}
}

// goneOn returns the counts from which those of a cog have gone on: none, if it was
// loaded anew.
func goneOn(before *admin.BotStats, now *admin.CogStats) admin.CogStats {
	i := slices.IndexFunc(before.Cogs, func(c admin.CogStats) bool { return c.Name == now.Name })
	if i < 0 {
		return admin.CogStats{}
	}
	old := before.Cogs[i]
	if now.Calls < old.Calls || now.Handler.Count < old.Handler.Count || sum(now.Refused) < sum(old.Refused) {
		return admin.CogStats{}
	}
	return old
}

// report returns the counts, with the switches since a moment of the bot's clock.
func (b *botCounts) report(began time.Time) (list []Cog) {
	for _, name := range b.order {
		c := b.cogs[name]
		one := Cog{Name: name, Calls: c.calls, Queue: c.queue.latency(), Handler: c.handler.latency()}
		if len(c.refused) > 0 {
			one.Refused = maps.Clone(c.refused)
		}
		for _, sw := range c.switches {
			if at := sw.At.Sub(began); at >= 0 {
				one.Switches = append(one.Switches, Switch{At: at.Seconds(), SwitchResult: sw.SwitchResult})
			}
		}
		list = append(list, one)
	}
	return list
}

func sum(counts map[wire.Code]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// A times is how many calls took how long, by the bounds of the bot's buckets.
type times map[time.Duration]uint64

// add adds what was counted between two readings of the same times.
func (t *times) add(before, after admin.Histogram) {
	if after.Count < before.Count { // they began anew
		before = admin.Histogram{}
	}
	old := times{}
	for _, b := range before.Buckets {
		old[b.Upper] = b.Count
	}
	for _, b := range after.Buckets {
		if b.Count > old[b.Upper] {
			if *t == nil {
				*t = times{}
			}
			(*t)[b.Upper] += b.Count - old[b.Upper]
		}
	}
}

func (t times) latency() Latency {
	h := newHistogram()
	for upper, n := range t {
		_ = h.RecordValues(min(int64(upper), int64(time.Hour)), int64(min(n, math.MaxInt64))) // never out of range
	}
	return latencyOf(h, false)
}
