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

// lines reads the output of a process and logs it, line by line.
type lines struct {
	cog  string
	log  *slog.Logger
	from *os.File
	done chan struct{}

	mu      sync.Mutex // protects the fields below
	tail    []string   // the last lines of the output
	panicky []string   // the line of a panic, and the place in the source where it happened
}

const (
	tailLines = 5
	longLine  = 4 << 10 // bytes; the rest of a longer line is not logged
	perSecond = 100     // the most lines that are logged in a second, since the stack of a panic may be long
)

// read reads until all processes that hold the other end have closed it, or end is called.
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

// place finds the file and line in a line of a Go stack.
var place = regexp.MustCompile(`^\t(.*\.go:\d+)`)

// placeOf returns " at " and the place of a recovered panic in the source, from its stack.
// It returns "" if the stack has none.
func placeOf(stack []byte) string {
	_, below, _ := strings.Cut(string(stack), "\npanic(")
	for line := range strings.Lines(below) {
		if m := place.FindStringSubmatch(line); m != nil && !ofRuntime(m[1]) {
			return " at " + m[1]
		}
	}
	return ""
}

// ofRuntime reports whether a file is part of the Go runtime.
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

// last returns the part of the output that explains the end best: a panic and its place, or
// the last lines.
func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.panicky) > 0 {
		return strings.Join(l.panicky, " at ")
	}
	return strings.Join(l.tail, " | ")
}

// end stops the reading after a short while, since another process may still hold the other
// end of the pipe.
func (l *lines) end() {
	select {
	case <-l.done:
	case <-time.After(lastWords):
	}
	_ = l.from.Close()
	<-l.done
}
