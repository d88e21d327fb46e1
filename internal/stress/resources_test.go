//go:build stress

package stress

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// resources has the memory and goroutines of the program, measured several times.
type resources struct {
	w      *world
	before int // goroutines
	most   int
	heap   []uint64 // bytes in use without the ledger, in each eighth of the load
}

func (r *resources) String() string {
	var heap []string
	for _, n := range r.heap {
		heap = append(heap, fmt.Sprint(n>>20))
	}
	return fmt.Sprintf("goroutines: %d before, at most %d, %d after; heap without the ledger, MiB: %s", r.before, r.most, runtime.NumGoroutine(), strings.Join(heap, " "))
}

// watch measures until the load ends.
func (r *resources) watch(length time.Duration) {
	for !r.w.over() {
		time.Sleep(length / 8)
		r.most = max(r.most, runtime.NumGoroutine())
		r.heap = append(r.heap, r.inUse())
	}
}

func (r *resources) inUse() uint64 {
	runtime.GC()
	runtime.GC() // the second collection frees the objects in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc - min(m.HeapAlloc, r.w.book.size())
}

// calmGrowth of the heap, and half of its size before, is no violation, since the load
// itself comes and goes.
const calmGrowth = 24 << 20

// judge checks the goroutines and processes that are left when the server is closed.
func (r *resources) judge() {
	if third := len(r.heap) / 3; third > 0 {
		early, late := slices.Max(r.heap[:third]), slices.Min(r.heap[len(r.heap)-third:])
		if late > early+early/2+calmGrowth {
			r.w.bad.add("memory grows", "%v", r)
		}
	}
	for giveUp := time.Now().Add(2 * patience); runtime.NumGoroutine() > r.before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(giveUp) {
			r.w.bad.add("goroutines are left", "%d; there were %d before:\n%s", runtime.NumGoroutine(), r.before, stacks())
			break
		}
	}
	if left := children(); len(left) > 0 {
		r.w.bad.add("processes are left", "%v", left)
	}
}

// stacks lists the goroutines, one line for each place.
func stacks() string {
	buf := make([]byte, 4<<20)
	count := map[string]int{}
	for stack := range bytes.SplitSeq(buf[:runtime.Stack(buf, true)], []byte("\n\n")) {
		var calls []string
		for line := range strings.Lines(string(stack)) {
			if name, _, found := strings.Cut(line, "("); found && !strings.HasPrefix(line, "\t") && len(calls) < 6 {
				calls = append(calls, name[strings.LastIndex(name, "/")+1:])
			}
		}
		count[strings.Join(calls, " < ")]++
	}
	var text strings.Builder
	for calls, n := range count {
		fmt.Fprintf(&text, "    %d × %s\n", n, calls)
	}
	return text.String()
}

// children returns the child processes of this one, on Linux.
func children() []string {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	var pids []string
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		pids = append(pids, strings.Fields(string(text))...)
	}
	return pids
}
