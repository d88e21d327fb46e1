package gate

import (
	"slices"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire/admin"
)

// Stats returns the counters of the gate. The numbers of calls in flight, waiting and
// held include events and ticks, and calls of earlier generations: a handler that hangs
// is in flight until it returns.
func (g *Gate) Stats() admin.CogStats {
	s := admin.CogStats{Name: g.Name}
	g.mu.Lock()
	s.Held = g.countHeldLocked()
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
				s.Waiting += r.lanes.Waiting()
			}
		}
	}
	s.Refused, s.Calls = g.counts.Read()
	s.Queue, s.Handler = g.counts.Queue.Read(), g.counts.Handler.Read()
	return s
}

// Status describes the route that a place belongs to.
func Status(p *call.Place) admin.RouteStatus {
	r := routeOf(p)
	return admin.RouteStatus{
		Endpoint:   r.Endpoint.Name,
		Cog:        r.Cog,
		Generation: r.Generation,
		Serial:     r.lanes != nil && r.lanes.OneAtATime() && !r.Endpoint.Keyed(),
		Keyed:      r.Endpoint.Keyed(),
		TimeoutMS:  r.Timeout.Milliseconds(),
	}
}
