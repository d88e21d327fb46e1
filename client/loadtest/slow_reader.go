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

// callsOfSlowReader is the number of calls that a slow reader has under way. With a
// single one, it would wait for an answer that it does not read, and the bot would
// have nothing more to send to it.
const callsOfSlowReader = 64

// slowReaders opens n connections that make calls and do not read the answers.
func (f *faultInjector) slowReaders(ctx context.Context, n int) (note string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	var mu sync.Mutex // protects cut
	var cut []time.Duration
	for i := range n {
		c := f.plan.newConn(nil) // not counted as a connection of the run
		if err := c.Open(ctx); err != nil {
			cancel()
			group.Wait()
			return "", err
		}
		c.Stop(true)
		group.Go(func() { // ends with ctx, or when the bot closes the connection
			if took, ok := f.readNothing(ctx, c, i); ok {
				mu.Lock()
				defer mu.Unlock()
				cut = append(cut, took)
			}
		})
	}
	group.Wait()
	switch {
	case f.plan.Dialect == IPCXDial:
		return fmt.Sprintf("%s did not read; whether the bot cut them off does not show where each call has a connection", counted(int64(n), "client")), nil
	case len(cut) == 0:
		return fmt.Sprintf("the bot kept all %d", n), nil
	}
	return fmt.Sprintf("the bot cut %d of %d off, the first after %.1f s", len(cut), n, slices.Min(cut).Seconds()), nil
}

// readNothing makes calls on c until the bot closes the connection, or until ctx is
// done, and reports whether the bot did and after how much time. Then it closes c.
func (f *faultInjector) readNothing(ctx context.Context, c *conns.Conn, n int) (took time.Duration, cut bool) {
	began := time.Now()
	calls, hangUp := context.WithCancel(ctx)
	defer hangUp()
	var group sync.WaitGroup
	for k := range callsOfSlowReader {
		// the callers of the run draw from smaller numbers
		draw := f.program.Draw(f.plan.Seed, 1<<32+uint64(n*callsOfSlowReader+k))
		group.Go(func() { f.keepCalling(calls, c, draw) }) // ends with hangUp
	}
	lost := c.Lost()
	if f.plan.Dialect == IPCXDial {
		lost = nil // in this dialect each call closes its connection
	}
	select {
	case <-lost:
		cut = true
	case <-ctx.Done():
	}
	took = time.Since(began)
	hangUp()
	group.Wait()
	c.Cut() // so that Close does not wait for the bot's close frame, which c would not read
	c.Close()
	return took, cut
}

// keepCalling makes calls on c until ctx is done. Their results do not count, because
// the purpose of a slow reader is its effect on other clients.
func (f *faultInjector) keepCalling(ctx context.Context, c *conns.Conn, draw *scenario.Drawer) {
	var data []byte
	for ctx.Err() == nil {
		// these numbers are larger than those of the run's calls, and the run does not
		// lose one to a slow reader
		route, text, err := draw.Next(data[:0], 1<<40+f.slowCalls.Add(1))
		if err != nil {
			return // the run's own callers get the same error, and end the run
		}
		data = text
		if c.Call(ctx, f.program.Routes[route].Name, data) != nil {
			arrival.Pause(ctx, 10*time.Millisecond)
		}
	}
}
