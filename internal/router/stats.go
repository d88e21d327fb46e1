package router

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// counts are what a gate counts of its calls; events and ticks are not among
// them. A call costs one atomic addition. Only one call of timedOf is timed, chosen
// by the low bits of that sum: looking at the clock three times costs as much as a
// quick handler. A lone caller that does the same eight things in turn would have
// one of them timed alone.
type counts struct {
	began   time.Time // what the clocks of calls start from
	calls   atomic.Uint64
	refused [len(refusals)]atomic.Uint64 // by their place in refusals
	queue   times
	handler times

	mu     sync.Mutex // protects others
	others map[wire.Code]uint64
}

const timedOf = 8

// refusals are the codes that cogbus itself refuses calls with. Those of a cog,
// whose type for a request may decode itself, are rare.
var refusals = [...]wire.Code{
	wire.Overloaded, wire.Unavailable, wire.Timeout, wire.Canceled, wire.NoRoute, wire.BadRequest, wire.Interrupted, wire.Internal,
}

// What a call's clock says if it is not that of a call which is timed: the time
// of its arrival, then that of its handler's start, in nanoseconds since its gate
// was made.
const (
	uncounted = 0
	untimed   = -1
)

func (n *counts) now() int64 { return int64(time.Since(n.began)) + 1 } // not uncounted

// counts returns where a call is counted that is.
func (c *Call) counts() *counts { return &c.target.generation.gate.counts }

// arrive counts a call whose target is known. It comes before Enter, which lets
// others see the call.
func (c *Call) arrive() {
	n := c.counts()
	if c.clock = untimed; n.calls.Add(1)%timedOf == 1 {
		c.clock = n.now()
	}
}

// lap adds the time since the call's arrival, or its last lap, to t. The caller
// has moved the call on to running, and knows that it is timed.
func (c *Call) lap(t *times) {
	now := c.counts().now()
	t.add(now - c.clock)
	c.clock = now
}

// refused counts a call that will not reach a handler, by what it is told. Whoever
// calls it has moved the call on to over, or has not let others see it.
func (c *Call) refused(err error) {
	if c.clock == uncounted {
		return
	}
	n, code := c.counts(), wire.CodeOf(err)
	if i := slices.Index(refusals[:], code); i >= 0 {
		n.refused[i].Add(1)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.others == nil {
		n.others = map[wire.Code]uint64{}
	}
	n.others[code]++
}

// turnedAway returns how many calls were refused, by code.
func (n *counts) turnedAway() map[wire.Code]uint64 {
	n.mu.Lock()
	sum := maps.Clone(n.others)
	n.mu.Unlock()
	if sum == nil {
		sum = map[wire.Code]uint64{}
	}
	for i, code := range refusals {
		if k := n.refused[i].Load(); k > 0 {
			sum[code] = k
		}
	}
	return sum
}

// Stats returns what the gate has counted. What is there now includes events and
// ticks, and what earlier generations have left: a handler that hangs is in flight
// until it returns.
func (g *Gate) Stats() wire.CogStats {
	s := wire.CogStats{Name: g.Name}
	g.mu.Lock()
	for _, c := range g.held {
		if c.stage.Load() != over { // those are given up, and take no place
			s.Held++
		}
	}
	generations := slices.Clone(g.leaving)
	if g.current != nil {
		generations = append(generations, g.current)
	}
	g.mu.Unlock()
	s.InFlight = s.Held
	seen := map[*lanes]bool{nil: true}
	for _, gen := range generations {
		s.InFlight += gen.InFlight()
		for _, r := range gen.all() {
			if !seen[r.lanes] {
				seen[r.lanes] = true
				s.Waiting += r.lanes.length()
			}
		}
	}
	// refusals first: no more than there were calls
	s.Refused = g.counts.turnedAway()
	s.Calls = g.counts.calls.Load()
	s.Queue, s.Handler = g.counts.queue.read(), g.counts.handler.read()
	return s
}
