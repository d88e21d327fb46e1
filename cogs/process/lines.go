package process

import (
	"bufio"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// lines passes what a process prints on to a log, a line at a time.
type lines struct {
	cog  string
	log  *slog.Logger
	from *os.File
	done chan struct{}

	mu      sync.Mutex // protects the fields below
	tail    []string   // the last lines
	panicky []string   // the line of a panic, and where it happened
}

const (
	tailLines = 5
	longLine  = 4 << 10 // bytes; the rest is left out
	perSecond = 100     // lines that are logged; a panic's stack may be longer
)

// read reads until all who may print are gone, or end is called.
func (l *lines) read() {
	defer close(l.done)
	in := bufio.NewReaderSize(l.from, longLine)
	var second time.Time
	logged, dropped := 0, 0
	for {
		text, more, err := in.ReadLine()
		line := string(text)
		for more && err == nil {
			_, more, err = in.ReadLine()
		}
		if err != nil {
			break
		}
		l.note(line)
		if now := time.Now(); now.Sub(second) >= time.Second {
			if dropped > 0 {
				l.log.Warn("lines of a cog's process were left out", "cog", l.cog, "count", dropped)
			}
			second, logged, dropped = now, 0, 0
		}
		if logged++; logged > perSecond {
			dropped++
			continue
		}
		l.log.Info(line, "cog", l.cog)
	}
	if dropped > 0 {
		l.log.Warn("lines of a cog's process were left out", "cog", l.cog, "count", dropped)
	}
}

// place finds where a line of a Go stack says it is.
var place = regexp.MustCompile(`^\t(.*\.go:\d+)`)

// placeOf returns " at " and where a recovered panic happened, as the stack tells; ""
// if it does not.
func placeOf(stack []byte) string {
	_, below, _ := strings.Cut(string(stack), "\npanic(")
	for line := range strings.Lines(below) {
		if m := place.FindStringSubmatch(line); m != nil && !ofRuntime(m[1]) {
			return " at " + m[1]
		}
	}
	return ""
}

// ofRuntime reports whether a place in a stack is one of the Go runtime.
func ofRuntime(file string) bool {
	return strings.Contains(file, "/src/runtime/") || strings.HasPrefix(file, "runtime/")
}

func (l *lines) note(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch m := place.FindStringSubmatch(line); {
	case strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: "):
		l.panicky = []string{line}
	case len(l.panicky) == 1 && m != nil && !ofRuntime(m[1]):
		l.panicky = append(l.panicky, m[1])
	}
	if strings.TrimSpace(line) == "" {
		return
	}
	if l.tail = append(l.tail, line); len(l.tail) > tailLines {
		l.tail = l.tail[1:]
	}
}

// last returns what says most of the end: a panic and its place, or the last
// lines.
func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.panicky) > 0 {
		return strings.Join(l.panicky, " at ")
	}
	return strings.Join(l.tail, " | ")
}

// end ends the reading: something else may hold the other end of the pipe.
func (l *lines) end() {
	select {
	case <-l.done:
	case <-time.After(lastWords):
	}
	_ = l.from.Close()
	<-l.done
}
