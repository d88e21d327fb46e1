package loadtest

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// A botStats has the bot's statistics of the measurement. It adds up the differences
// between readings, because the last reading is not enough: the counts of a cog start
// at zero again when the cog is loaded again, or when the bot restarts. Calls between
// the last reading and such a start are lost.
type botStats struct {
	order    []string // names of the cogs, in the order in which they appeared
	cogs     map[string]*cogStats
	gcPauses times
}

type cogStats struct {
	calls          uint64
	refused        map[wire.Code]uint64
	queue, handler times
	switches       []admin.SwitchStats
}

// add adds the difference between two readings.
func (b *botStats) add(before, after *admin.BotStats) {
	b.gcPauses.add(before.GCPauses, after.GCPauses)
	for _, now := range after.Cogs {
		c := b.cogs[now.Name]
		if c == nil {
			c = &cogStats{refused: map[wire.Code]uint64{}}
			if b.cogs == nil {
				b.cogs = map[string]*cogStats{}
			}
			b.cogs[now.Name] = c
			b.order = append(b.order, now.Name)
		}
		old := baseOf(before, &now)
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

// baseOf returns the earlier counts of a cog, from which its counts now continue. It
// returns zero counts if the cog was loaded again since.
func baseOf(before *admin.BotStats, now *admin.CogStats) admin.CogStats {
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

// report returns the statistics of all cogs, with their switches since a time of the
// bot's clock.
func (b *botStats) report(began time.Time) (list []Cog) {
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

// A times counts durations: its keys are the upper bounds of the bot's buckets.
type times map[time.Duration]uint64

// add adds the difference between two readings of the same histogram.
func (t *times) add(before, after admin.Histogram) {
	if after.Count < before.Count { // the bot or the cog has started again
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
		_ = h.RecordValues(min(int64(upper), int64(time.Hour)), int64(min(n, math.MaxInt64))) // cannot fail, because the value is in range
	}
	return latencyOf(h, false)
}
