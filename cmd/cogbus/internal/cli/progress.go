package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A Progress is a line on the terminal that names the work in progress, and the time
// since its start.
type Progress struct {
	began time.Time
	stop  chan struct{} // closed by Done

	mu    sync.Mutex // protects the fields below
	w     io.Writer
	text  string
	shown bool // the line is on the terminal
	over  bool
}

// Progress shows text and the seconds that have passed, from the first second until Done.
// It shows nothing if standard error is no terminal, or with --json.
func (e *Env) Progress(text string) *Progress {
	if !e.Live() {
		return &Progress{w: e.Errs, stop: make(chan struct{})}
	}
	return newProgress(e.Errs, text)
}

func newProgress(w io.Writer, text string) *Progress {
	p := &Progress{began: time.Now(), stop: make(chan struct{}), w: w, text: text}
	go func() { // Done ends it
		ticks := time.NewTicker(time.Second)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				p.show()
			case <-p.stop:
				return
			}
		}
	}()
	return p
}

// Live reports whether people see standard error while the command runs.
func (e *Env) Live() bool { return !e.JSON && isTerminal(e.Errs) }

// Say changes the text.
func (p *Progress) Say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
}

// Write writes to standard error, above the line.
func (p *Progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	return p.w.Write(text)
}

// Hide takes the line away until the next second, before something else is printed.
func (p *Progress) Hide() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// Done takes the line away. It is called once.
func (p *Progress) Done() {
	close(p.stop)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.over = true
}

func (p *Progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over { // the tick came at the same time as Done
		return
	}
	p.clear()
	_, _ = fmt.Fprintf(p.w, "%s … %d s", OneLine(p.text), int(time.Since(p.began)/time.Second))
	p.shown = true
}

// clear takes the line from the terminal; the caller holds mu.
func (p *Progress) clear() {
	if p.shown {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
		p.shown = false
	}
}
