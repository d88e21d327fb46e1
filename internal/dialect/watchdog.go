package dialect

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/call"
)

// patrol is the time between two looks of the watchdog. A handler, or a Key, that runs
// on its reader's goroutine delays its connection for at most twice as long.
const patrol = time.Millisecond

// A turn decides which goroutine reads a connection. Its number is odd while the reader
// runs a call. To replace a reader with a slow call, the watchdog increments the odd
// number; the old reader then finds that it has lost its turn.
type turn struct {
	count   atomic.Uint64
	watched atomic.Bool
	budget  budget
	call    *call.Call // the running call; written before the turn becomes odd
	seen    uint64     // owned by the watchdog
}

// begin notes that the reader starts to run c.
func (t *turn) begin(c *call.Call) (token uint64) {
	t.call = c
	return t.count.Add(1)
}

// end notes that the call has returned. It returns true if the goroutine is still the
// connection's reader.
func (t *turn) end(token uint64) bool { return t.count.CompareAndSwap(token, token+1) }

// A watchdog watches the connections whose readers run handlers. Its goroutine exists
// while there are such connections.
type watchdog struct {
	mu      sync.Mutex // protects the fields below
	watched []*Connection
	patrols bool
	closed  bool
	done    sync.WaitGroup
}

// watch makes sure that the watchdog looks at c.
func (w *watchdog) watch(c *Connection) {
	if c.turn.watched.Load() || !c.turn.watched.CompareAndSwap(false, true) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watched = append(w.watched, c)
	if !w.patrols && !w.closed {
		w.patrols = true
		w.done.Go(w.patrol) // ends when no connection is watched, or by close
	}
}

func (w *watchdog) patrol() {
	ticker := time.NewTicker(patrol)
	defer ticker.Stop()
	for range ticker.C {
		w.mu.Lock()
		kept := w.watched[:0]
		for _, c := range w.watched {
			if c.inspect() {
				kept = append(kept, c)
			}
		}
		clear(w.watched[len(kept):])
		w.watched = kept
		if len(kept) == 0 || w.closed {
			w.patrols = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
	}
}

// close ends the patrol and waits for it.
func (w *watchdog) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.done.Wait()
}

// inspect replaces the reader if it runs the same call as one patrol before. It returns
// true if the watchdog must look again.
func (c *Connection) inspect() bool {
	now := c.turn.count.Load()
	same := now == c.turn.seen
	c.turn.seen = now
	if !same || now%2 == 1 {
		c.turn.budget.patrol()
	}
	switch {
	case !same:
		return true
	case now%2 == 1:
		if c.turn.count.CompareAndSwap(now, now+1) {
			c.turn.call.Stall() // no other goroutine changes turn.call, since the reader has lost its turn
			c.takeOver()
		}
		return true
	}
	c.turn.watched.Store(false)
	if c.turn.count.Load() == now {
		return false
	}
	return c.turn.watched.CompareAndSwap(false, true) // true if a call has begun meanwhile
}
