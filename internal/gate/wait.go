package gate

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cogbus/cogbus/internal/call"
)

// A generation that is ending waits for its calls. One of them may wait, through any
// number of calls and lanes, for a call that the gate holds until that generation has
// ended. Then all of them would wait for each other for ever. So such a held call joins
// the generation that is ending.
//
// Two steps can close such a circle: a gate holds a call (Admit), and a call that another
// call has made begins to wait in a lane (Admit, Commit). The gate first takes the step
// and then looks for circles. So of two steps at the same time the later one sees the
// earlier one.

// Switches knows the gates of a router that hold calls at the moment.
type Switches struct {
	count atomic.Int32 // number of gates

	mu    sync.Mutex // protects gates
	gates map[*Gate]bool
}

func (s *Switches) add(g *Gate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gates == nil {
		s.gates = map[*Gate]bool{}
	}
	s.gates[g] = true
	s.count.Store(int32(len(s.gates)))
}

func (s *Switches) remove(g *Gate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.gates, g)
	s.count.Store(int32(len(s.gates)))
}

func (s *Switches) list() []*Gate {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Gate, 0, len(s.gates))
	for g := range s.gates {
		list = append(list, g)
	}
	return list
}

// lookForCircle checks whether a call that has begun to wait closes a circle. Only a call
// that another call has made can do that.
func (g *Gate) lookForCircle(c *call.Call) {
	if c.Parent == nil || g.switches.count.Load() == 0 || !awaited(c) {
		return
	}
	for _, other := range g.switches.list() {
		other.letIn()
	}
}

// letIn finds held calls for which a generation that is ending waits, and admits them
// to that generation.
func (g *Gate) letIn() {
	g.mu.Lock()
	var made []*call.Call
	for _, h := range g.held {
		if h.call != nil && h.call.Parent != nil {
			made = append(made, h.call)
		}
	}
	g.mu.Unlock()
	for _, c := range made {
		if !awaited(c) {
			continue
		}
		if old := g.letGo(c); old != nil && g.went(c, old.start(c, true)) {
			c.HandOff()
		}
	}
}

// letGo takes a held call out of the gate and counts it into the generation that is
// ending. It returns that generation, or nil if it has ended or the call is not held
// any more.
func (g *Gate) letGo(c *call.Call) *Generation {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.held, func(h held) bool { return h.call == c })
	if i < 0 || g.current == nil || !g.current.joinableLocked() {
		return nil
	}
	g.held = slices.Delete(g.held, i, i+1)
	g.current.count()
	return g.current
}

// awaited reports whether a call of a generation that is ending waits for c to be over,
// either because it has made c, or because it waits in a lane behind a call that has
// made c, and so on.
func awaited(c *call.Call) bool {
	seen := map[*call.Call]bool{}
	for todo := []*call.Call{c}; len(todo) > 0; {
		x := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[x] {
			continue
		}
		seen[x] = true
		if at := x.Place(); at != nil {
			r := routeOf(at)
			if r.generation.closed() {
				return true
			}
			if r.lanes != nil {
				todo = append(todo, r.lanes.Behind(&x.Ticket)...)
			}
		}
		if m := x.Maker(); m != nil {
			todo = append(todo, m)
		}
	}
	return false
}
