// Package machine reads how much processor time and memory this process uses, and
// how busy the machine is.
package machine

import (
	"bufio"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

// A Reading holds the counters of the process and of the machine at one moment.
type Reading struct {
	at     time.Time
	cpu    time.Duration // processor time of the process; -1 if unknown
	maxRSS int64         // bytes; -1 if unknown
	gcs    uint32
	pauses time.Duration

	busy, all uint64 // ticks of all processors of the machine; 0 if unknown
}

// Read reads the counters.
func Read() Reading {
	r := Reading{at: time.Now()}
	r.cpu, r.maxRSS = processUsage()
	r.busy, r.all = readTicks()
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	r.gcs, r.pauses = uint32(gc.NumGC), gc.PauseTotal
	return r
}

// A Usage says how much the process and the machine used between two readings. A
// figure is -1 if the system does not report it.
type Usage struct {
	CPU         float64       // seconds of processor time that the process used
	Cores       float64       // processors that the process kept busy, on average
	MachineBusy float64       // share of the machine's processors that any process kept busy, 0 to 1
	MaxRSS      int64         // the largest memory of the process since it started, in bytes
	GCs         uint32        // garbage collections
	Pause       time.Duration // total of the garbage collector's pauses
}

// Since returns the usage between earlier and r.
func (r Reading) Since(earlier Reading) Usage {
	u := Usage{CPU: -1, Cores: -1, MachineBusy: -1, MaxRSS: r.maxRSS, GCs: r.gcs - earlier.gcs, Pause: r.pauses - earlier.pauses}
	if earlier.cpu >= 0 && r.cpu >= 0 {
		u.CPU = (r.cpu - earlier.cpu).Seconds()
		u.Cores = u.CPU / max(r.at.Sub(earlier.at).Seconds(), 1e-9)
	}
	if earlier.all > 0 && r.all > earlier.all && r.busy >= earlier.busy {
		u.MachineBusy = float64(r.busy-earlier.busy) / float64(r.all-earlier.all)
	}
	return u
}

// CPUModel returns the name of the processor, or "" if the system has no
// /proc/cpuinfo.
func CPUModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
