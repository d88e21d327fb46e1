//go:build stress

package stress

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A lane watches what is to run one at a time: the calls of a key, what a serial
// cog runs, the tasks of a cog.
type lane struct {
	name string
	bad  *violations

	mu      sync.Mutex // protects running
	running []uint64
}

// enter notes that id runs. path has those that it was made by, from the first
// on: whoever of them still runs waits for it, so it may run beside them.
func (l *lane) enter(id uint64, path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.running) > 0 {
		makers := parsePath(path)
		for _, other := range l.running {
			if !slices.Contains(makers, other) {
				l.bad.add("two at once in "+l.name, "call %d, made by %q, runs beside %d", id, path, other)
			}
		}
	}
	l.running = append(l.running, id)
}

func (l *lane) leave(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.running, id); i >= 0 {
		l.running = slices.Delete(l.running, i, i+1)
	}
}

// A path names the calls that led to a call. It is a string, so that the requests
// are flat, and cogbus uses them again.
func pathBelow(path string, maker uint64) string {
	return path + "/" + strconv.FormatUint(maker, 10)
}

func parsePath(path string) []uint64 {
	var makers []uint64
	for part := range strings.SplitSeq(path, "/") {
		if n, err := strconv.ParseUint(part, 10, 64); err == nil { // the first part is empty
			makers = append(makers, n)
		}
	}
	return makers
}
