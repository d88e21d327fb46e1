package actors

import (
	"math"
	"runtime/metrics"
	"slices"
	"time"

	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/wire/admin"
)

// keptSwitches is how many switches of a cog are remembered.
const keptSwitches = 32

// keptNote is how many bytes of a switch's note are remembered: cogbus.stats tells of
// many switches of all cogs in one message.
const keptNote = 512

// remember adds a switch that went well to the last ones.
func (a *cogActor) remember(d admin.SwitchResult) {
	var list []admin.SwitchStats
	if last := a.switches.Load(); last != nil {
		list = *last
	}
	d.Note = clip.Text(d.Note, keptNote)
	list = slices.Clone(list[max(0, len(list)+1-keptSwitches):])
	list = append(list, admin.SwitchStats{At: time.Now(), SwitchResult: d})
	a.switches.Store(&list)
}

// What is read of the runtime: none of it stops the program.
const (
	goroutineCount = "/sched/goroutines:goroutines"
	heapSize       = "/memory/classes/heap/objects:bytes"
	gcPauses       = "/sched/pauses/total/gc:seconds"
)

// stats returns what the server counts, its own cog left out.
func (s *Server) stats() admin.BotStats {
	read := []metrics.Sample{{Name: goroutineCount}, {Name: heapSize}, {Name: gcPauses}}
	metrics.Read(read)
	now := admin.BotStats{
		Time:       time.Now(),
		Goroutines: int(read[0].Value.Uint64()),
		Heap:       read[1].Value.Uint64(),
		GCPauses:   timesOf(read[2].Value.Float64Histogram()),
		Cogs:       []admin.CogStats{},
	}
	for _, l := range s.loaded() {
		if l.name == ownName {
			continue
		}
		c := l.gate.Stats()
		if last := l.cog.switches.Load(); last != nil {
			c.Switches = *last
		}
		now.Cogs = append(now.Cogs, c)
	}
	return now
}

// timesOf translates a histogram of seconds.
func timesOf(h *metrics.Float64Histogram) admin.Histogram {
	var sum admin.Histogram
	for i, n := range h.Counts {
		if n == 0 {
			continue
		}
		upper := time.Duration(math.MaxInt64)
		if s := h.Buckets[i+1]; s < upper.Seconds() { // the last one ends nowhere
			upper = time.Duration(math.Round(s * float64(time.Second)))
		}
		sum.Count += n
		sum.Buckets = append(sum.Buckets, admin.Bucket{Upper: upper, Count: n})
	}
	return sum
}
