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

// newConn returns a connection of p that is not open yet. count may be nil.
func (p *Plan) newConn(count *conns.Counter) *conns.Conn {
	return conns.New(conns.Config{Target: p.Target, Pipe: p.Dialect == IPCX, Client: p.clientOptions("cogbus load"), Count: count})
}

// clientOptions returns the options for a client of the run.
func (p *Plan) clientOptions(name string) client.Options {
	o := client.Options{}
	if p.Client != nil {
		o = *p.Client
	}
	o.Name, o.Timeout = name, p.Timeout
	if o.Logger == nil {
		// the report counts lost connections; a log line for each would bury it
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// openAll opens all connections, and returns a histogram of the times that it took.
// If one fails, openAll gives up the others and returns the first error.
func openAll(ctx context.Context, list []*conns.Conn) (*hdr.Histogram, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // protects the variables below
	took := newHistogram()
	var first error
	forEach(list, func(c *conns.Conn) {
		began := time.Now()
		err := c.Open(ctx) // fails at once after another connection has failed
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

// forEach calls f for all connections, for up to 64 at a time.
func forEach(list []*conns.Conn, f func(*conns.Conn)) {
	next := make(chan *conns.Conn)
	var wg sync.WaitGroup
	for range min(64, len(list)) {
		wg.Go(func() {
			for c := range next { // ends when next is closed
				f(c)
			}
		})
	}
	for _, c := range list {
		next <- c
	}
	close(next)
	wg.Wait()
}
