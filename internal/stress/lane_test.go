//go:build stress

package stress

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A lane checks that few things run at a time: the calls of a key, the work of a serial
// cog, the tasks of a cog.
type lane struct {
	name string
	bad  *violations

	mu      sync.Mutex // protects running
	running []uint64
}

// enter notes that id runs. path has the calls that have led to it, from the first on.
// If one of them still runs, it waits for id, so id may run beside it.
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

// A path names the calls that led to a call. It is a string, since requests without
// pointers are used again.
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
