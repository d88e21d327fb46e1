package actors

import (
	"math"
	"runtime/metrics"
	"slices"
	"time"

	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/wire/admin"
)

// keptSwitches is the number of switches of a cog that stats has.
const keptSwitches = 32

// keptNote is the number of bytes of a switch's note that the server remembers, since
// cogbus.stats has many switches of all cogs in one message.
const keptNote = 512

// remember adds a successful switch to the last ones.
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

// Names of runtime metrics. Reading these does not stop the program.
const (
	goroutineCount = "/sched/goroutines:goroutines"
	heapSize       = "/memory/classes/heap/objects:bytes"
	gcPauses       = "/sched/pauses/total/gc:seconds"
)

// stats returns the counters of the server, without its own cog.
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
		if s := h.Buckets[i+1]; s < upper.Seconds() { // the last bucket has no upper bound
			upper = time.Duration(math.Round(s * float64(time.Second)))
		}
		sum.Count += n
		sum.Buckets = append(sum.Buckets, admin.Bucket{Upper: upper, Count: n})
	}
	return sum
}
