package actors

import (
	"runtime"
	"time"
)

// tick is the time between two looks at the clients that may need a heartbeat.
const tick = time.Second

// A crowd holds the clients of a server, and says when each of them gets a heartbeat:
// at each fifth tick, the first time a beat after it came, rounded up to the next tick.
// One timer for all clients takes less memory than a timer for each. It stops while no
// client needs heartbeats: those of the Python package need none once they have
// authenticated. The server's mu protects the crowd.
type crowd struct {
	shares [beat / tick]map[*client]struct{} // each share gets its heartbeats at the same ticks
	size   int
	timer  *time.Timer // of the next tick; nil while there are no clients
	start  time.Time   // of tick 0, when the first client came
	passed int         // ticks since start
	quiet  int         // ticks in a row at which no client needed a heartbeat; with len(shares) the timer has stopped
}

// add takes c. look runs at each tick while a client needs heartbeats.
func (w *crowd) add(c *client, look func()) {
	if w.timer == nil {
		w.start = c.since
		w.timer = time.AfterFunc(tick, look)
	} else if w.quiet >= len(w.shares) {
		w.passed = w.ticks(c.since)
		w.waitTick(c.since)
	}
	w.quiet = 0
	share := w.share(c)
	if *share == nil {
		*share = map[*client]struct{}{}
	}
	(*share)[c] = struct{}{}
	w.size++
}

func (w *crowd) remove(c *client) {
	delete(*w.share(c), c)
	w.size--
	if w.size == 0 {
		w.timer.Stop()
		*w = crowd{} // the maps go too: they do not shrink
	}
}

// share returns the share of a client, by the first tick that is not before it came.
func (w *crowd) share(c *client) *map[*client]struct{} {
	first := max(0, c.since.Sub(w.start)+tick-1) / tick // a client may have waited for mu while the first was added
	return &w.shares[int(first)%len(w.shares)]
}

// due returns the clients whose actors must act on a heartbeat, of the clients to which
// the ticks that have passed meanwhile give one.
func (w *crowd) due(now time.Time) []*client {
	if w.timer == nil {
		return nil // the last client has left
	}
	was := w.passed
	w.passed = w.ticks(now)
	var list []*client
	for n := max(was+1, w.passed-len(w.shares)+1); n <= w.passed; n++ {
		w.quiet++
		for c := range w.shares[n%len(w.shares)] {
			if c.Heartbeats() || !c.Trusted() {
				w.quiet = 0
				if c.beat(now.Sub(c.since)) {
					list = append(list, c)
				}
			}
		}
	}
	if w.quiet < len(w.shares) {
		w.waitTick(now)
	}
	return list
}

// ticks returns how many ticks have passed since start.
func (w *crowd) ticks(now time.Time) int { return int(now.Sub(w.start) / tick) }

// waitTick sets the timer to the tick behind those that have passed.
func (w *crowd) waitTick(now time.Time) {
	w.timer.Reset(w.start.Add(time.Duration(w.passed+1) * tick).Sub(now))
}

// all calls do for each client.
func (w *crowd) all(do func(*client)) {
	for _, share := range w.shares {
		for c := range share {
			do(c)
		}
	}
}

// beat notes a heartbeat, at an age of the client. It reports whether the client's actor
// must act.
func (c *client) beat(age time.Duration) bool {
	switch {
	case age < beat: // the share's first one comes less than a tick after the client
		return false
	case !c.Heartbeats():
	case c.Conn().Heard():
		c.silent.Store(0)
	default:
		c.silent.Add(1)
	}
	silent := c.silent.Load()
	return !c.Trusted() && age >= authTimeout || silent > 0 && silent%pingBeats == 0
}

// giveHeartbeats runs at each tick.
func (s *Server) giveHeartbeats() {
	for _, c := range s.dueClients() {
		s.system.Root.Send(c.pid, &heartbeat{})
		runtime.Gosched() // few workers serve all actors, instead of a worker for each
	}
}

func (s *Server) dueClients() []*client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections.due(time.Now())
}
