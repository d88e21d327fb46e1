package loadtest

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client"
)

// A line carries calls to the bot, as one of its clients.
type line interface {
	// call calls a route within the line's time, or until ctx is done. It does not
	// keep data. The error is one of package client's.
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

// openAll opens the lines of all slots, a few at a time, and returns how long each
// took. The error is that of the first that failed.
func openAll(ctx context.Context, slots []*slot, took func(time.Duration)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *slot)
	var wg sync.WaitGroup
	for range min(64, len(slots)) {
		wg.Go(func() {
			for s := range next {
				began := time.Now()
				l, err := s.open(ctx, s.tap)
				if err != nil {
					cancel(err) // the first one stays
					continue
				}
				s.set(l)
				took(time.Since(began))
			}
		})
	}
	for _, s := range slots {
		if ctx.Err() != nil {
			break
		}
		next <- s
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

func closeAll(slots []*slot) {
	var wg sync.WaitGroup
	next := make(chan *slot)
	for range min(64, len(slots)) {
		wg.Go(func() {
			for s := range next {
				s.current.close()
			}
		})
	}
	for _, s := range slots {
		if s.current != nil { // else opening it has failed
			next <- s
		}
	}
	close(next)
	wg.Wait()
}
