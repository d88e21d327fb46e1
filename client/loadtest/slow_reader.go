package loadtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
)

// asking is how many calls a slow reader has under way: with one, it would wait for
// an answer that it does not read, and the bot would have nothing more to send.
const asking = 64

// slowReaders makes connections that ask and do not read the answers.
func (r *run) slowReaders(ctx context.Context, n int) (note string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	var mu sync.Mutex // protects cut
	var cut []time.Duration
	for i := range n {
		l := r.newConn(nil) // the run's does not count them
		if err := l.Open(ctx); err != nil {
			cancel()
			group.Wait()
			return "", err
		}
		l.Stop(true)
		group.Go(func() {
			if took, ok := r.readNothing(ctx, l, i); ok {
				mu.Lock()
				defer mu.Unlock()
				cut = append(cut, took)
			}
		})
	}
	group.Wait()
	switch {
	case r.Dialect == IPCXDial:
		return fmt.Sprintf("%s did not read; whether the bot cut them off does not show where each call has a connection", counted(int64(n), "client")), nil
	case len(cut) == 0:
		return fmt.Sprintf("the bot kept all %d", n), nil
	}
	return fmt.Sprintf("the bot cut %d of %d off, the first after %.1f s", len(cut), n, slices.Min(cut).Seconds()), nil
}

// readNothing makes calls on l until the bot cuts it off, or ctx is done. It
// returns after how long the bot did. Then it closes l.
func (r *run) readNothing(ctx context.Context, l *conns.Conn, n int) (took time.Duration, cut bool) {
	began := time.Now()
	calls, hangUp := context.WithCancel(ctx)
	defer hangUp()
	var group sync.WaitGroup
	for k := range asking {
		// no caller of the run has one of these
		draw := r.program.Draw(r.Seed, 1<<32+uint64(n*asking+k))
		group.Go(func() { r.keepAsking(calls, l, draw) })
	}
	lost := l.Lost()
	if r.Dialect == IPCXDial {
		lost = nil // connections come and go
	}
	select {
	case <-lost:
		cut = true
	case <-ctx.Done():
	}
	took = time.Since(began)
	hangUp()
	group.Wait()
	l.Cut() // or the close would wait for an answer
	l.Close()
	return took, cut
}

// keepAsking makes calls on l until ctx is done. What becomes of them is not
// counted: it is what happens to others that a slow reader is there for.
func (r *run) keepAsking(ctx context.Context, l *conns.Conn, draw *scenario.Drawer) {
	var data []byte
	for ctx.Err() == nil {
		// numbers that no call of the run has, nor takes from it
		route, text, err := draw.Next(data[:0], 1<<40+r.asked.Add(1))
		if err != nil {
			return // the callers of the run meet that too, and end it
		}
		data = text
		if l.Call(ctx, r.program.Routes[route].Name, data) != nil {
			arrival.Pause(ctx, 10*time.Millisecond)
		}
	}
}
