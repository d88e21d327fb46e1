package loadtest

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/client"
)

// A line carries calls to the bot, as one of its clients.
type line interface {
	// call calls a route, until ctx is done, or within the line's time if ctx has
	// no deadline. It does not keep data. The error is one of package client's, or
	// a *lineError.
	call(ctx context.Context, endpoint string, data []byte) error
	// close ends the line when none of its calls is under way.
	close()
}

// A clientLine is a client of its own.
type clientLine struct{ *client.Client }

func (l clientLine) call(ctx context.Context, endpoint string, data []byte) error {
	_, err := l.Request(ctx, endpoint, json.RawMessage(data))
	return err
}

func (l clientLine) close() { _ = l.Close() }

// A slot is one of the connections of a run: a line, which may be replaced.
type slot struct {
	tap  *tap
	open func(ctx context.Context, t *tap) (line, error)

	mu      sync.Mutex // protects the fields below
	current *use
}

// A use counts the calls that a line has.
type use struct {
	line
	calls   int
	retired bool
	idle    chan struct{} // closed when retired and without calls
}

// take returns the line for a call, which must be given back.
func (s *slot) take() *use {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.calls++
	return s.current
}

func (s *slot) giveBack(u *use) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.calls--
	u.settle()
}

func (u *use) settle() {
	if u.retired && u.calls == 0 {
		close(u.idle)
		u.retired = false // once
	}
}

// set makes l the line of the slot and returns the one before when its calls have
// ended, or nil if there was none.
func (s *slot) set(l line) *use {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.current
	s.current = &use{line: l}
	if old != nil {
		old.idle = make(chan struct{})
		old.retired = true
		old.settle()
	}
	return old
}

// replace opens a line and closes the one before when its calls are answered.
func (s *slot) replace(ctx context.Context) error {
	next, err := s.open(ctx, s.tap)
	if err != nil {
		return err
	}
	old := s.set(next)
	<-old.idle
	old.close()
	return nil
}

// opener returns what opens a line of p.
func (p *Plan) opener() func(ctx context.Context, t *tap) (line, error) {
	o := p.clientOptions("cogbus load")
	return func(ctx context.Context, t *tap) (line, error) {
		own := o
		own.DialContext = t.DialContext
		if p.Dialect == IPCX {
			return openPipe(ctx, p.Target, &own)
		}
		c, err := client.Dial(ctx, p.Target, &own)
		if err != nil {
			return nil, err
		}
		return clientLine{c}, nil
	}
}

// clientOptions returns the options of one of the run's clients.
func (p *Plan) clientOptions(name string) client.Options {
	o := client.Options{}
	if p.Client != nil {
		o = *p.Client
	}
	o.Name, o.Timeout = name, p.Timeout
	if o.Logger == nil {
		// the report tells, and one line for each lost connection would bury it
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// openAll opens the lines of all slots, and returns a histogram of how long each
// took. The error is that of the first that failed.
func openAll(ctx context.Context, slots []*slot) (*hdr.Histogram, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // protects the variables below
	took := newHistogram()
	var first error
	forEach(slots, func(s *slot) {
		began := time.Now()
		l, err := s.open(ctx, s.tap) // fails at once when another one has
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			s.set(l)
			record(took, time.Since(began))
		} else if first == nil {
			first = err
			cancel()
		}
	})
	return took, first
}

func closeAll(slots []*slot) {
	forEach(slots, func(s *slot) {
		if s.current != nil { // else opening it has failed
			s.current.close()
		}
	})
}

// forEach calls f for all slots, and for a few at a time.
func forEach(slots []*slot, f func(s *slot)) {
	next := make(chan *slot)
	var wg sync.WaitGroup
	for range min(64, len(slots)) {
		wg.Go(func() {
			for s := range next {
				f(s)
			}
		})
	}
	for _, s := range slots {
		next <- s
	}
	close(next)
	wg.Wait()
}
