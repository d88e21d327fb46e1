package loadtest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
)

// newLine returns a line of p, which is to be opened. count may be nil.
func (p *Plan) newConn(count *conns.Counter) *conns.Conn {
	return conns.New(conns.Config{Target: p.Target, Pipe: p.Dialect == IPCX, Client: p.clientOptions("cogbus load"), Count: count})
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

// openAll opens all lines, and returns a histogram of how long each took. The error
// is that of the first that failed.
func openAll(ctx context.Context, list []*conns.Conn) (*hdr.Histogram, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // protects the variables below
	took := newHistogram()
	var first error
	forEach(list, func(l *conns.Conn) {
		began := time.Now()
		err := l.Open(ctx) // fails at once when another one has
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			record(took, time.Since(began))
		} else if first == nil {
			first = err
			cancel()
		}
	})
	return took, first
}

// forEach calls f for all lines, and for a few at a time.
func forEach(list []*conns.Conn, f func(*conns.Conn)) {
	next := make(chan *conns.Conn)
	var wg sync.WaitGroup
	for range min(64, len(list)) {
		wg.Go(func() {
			for l := range next {
				f(l)
			}
		})
	}
	for _, l := range list {
		next <- l
	}
	close(next)
	wg.Wait()
}
