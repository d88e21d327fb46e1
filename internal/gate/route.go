package gate

import (
	"cmp"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/lane"
	"github.com/cogbus/cogbus/wire"
)

// A route is an endpoint, a listener or a tick of one generation. It is the call.Gate of
// the calls that have their places there.
type route struct {
	call.Place
	generation *Generation
	lanes      *lanes // nil: calls run as they come
	tick       bool   // its calls never join another generation
}

// routeOf returns the route that a place belongs to.
func routeOf(p *call.Place) *route { return p.Gate.(*route) }

// newRoute returns the route of an endpoint. If common is not nil, the route shares these
// lanes with other routes.
func (gen *Generation) newRoute(e *instance.Endpoint, common *lanes) *route {
	cog := gen.Instance.Cog()
	r := &route{generation: gen}
	r.Place = call.Place{
		Cog:        gen.gate.Name,
		Generation: gen.Number,
		Endpoint:   e,
		Timeout:    cmp.Or(e.Timeout, cog.Timeout, call.DefaultTimeout),
		Gate:       r,
		Panics:     &gen.gate.panics,
	}
	switch {
	case e.Relayed(): // the process behind it keeps the order
	case common != nil:
		r.setLanes(common)
	case e.Keyed():
		r.setLanes(newLanes(1, e.MaxWaiting))
	case e.MaxInFlight > 0:
		r.setLanes(newLanes(e.MaxInFlight, e.MaxWaiting))
	}
	return r
}

func (r *route) setLanes(l *lanes) {
	r.lanes, r.Ordered = l, true
	r.Keyed = r.Endpoint.Keyed() && !l.Single()
}

// take gives a call, which the generation has counted already, its place in order of
// arrival. It returns true if the caller must run the call now.
func (r *route) take(c *call.Call) (run bool) {
	if !c.Admitted(&r.Place) { // the call was cancelled
		r.generation.leave()
		return false
	}
	switch {
	case r.Endpoint.Relayed():
		r.generation.outbox.put(c)
		return false
	case r.lanes == nil:
		return true
	case r.Keyed:
		r.lanes.Reserve(&c.Ticket, c, c.Held())
		return true // the goroutine that runs the call finds its key first
	}
	return r.placed(c, r.lanes.Enter(&c.Ticket, c, c.Held()))
}

// Seek implements call.Gate.
func (r *route) Seek(c *call.Call) { r.lanes.Seek(&c.Ticket) }

// Commit implements call.Gate.
func (r *route) Commit(c *call.Call, key string) (turn bool) {
	return r.generation.gate.went(c, r.placed(c, r.lanes.Commit(&c.Ticket, key)))
}

func (r *route) placed(c *call.Call, p lane.Position) (turn bool) {
	switch p {
	case lane.Running:
		return true
	case lane.Queued:
		c.Arm()
	case lane.Full:
		c.RejectWaiting(queueFull(c))
	case lane.Gone: // the call was cancelled, and has left its place
	}
	return false
}

// Leave implements call.Gate.
func (r *route) Leave(c *call.Call) {
	if r.lanes != nil {
		r.lanes.Leave(&c.Ticket)
	}
	r.generation.leave()
}

type lanes = lane.Set[*call.Call]

func newLanes(limit, maxWaiting int) *lanes {
	return lane.New(lane.Options[*call.Call]{Limit: limit, MaxWaiting: maxWaiting, Turn: (*call.Call).HandOff, Full: rejectFull})
}

// serialLanes returns the lanes of a serial cog: one lane for all keys of its routes.
func serialLanes() *lanes {
	return lane.New(lane.Options[*call.Call]{Limit: 1, Single: true, Turn: (*call.Call).HandOff, Full: rejectFull})
}

// inherit returns the lanes of the previous generation, if they are of the same kind.
func inherit(l, old *lanes) *lanes {
	if l == nil || old == nil || !l.Alike(old) {
		return l
	}
	return old
}

func rejectFull(c *call.Call) { c.RejectQueued(queueFull(c)) }

func queueFull(c *call.Call) *wire.Error {
	return call.Overloaded("the queue of route %q is full", c.Endpoint)
}
