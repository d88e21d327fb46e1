package router

import (
	"cmp"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
)

// A route is an endpoint of one generation of a cog. It never changes, but for
// its pace.
type route struct {
	generation *Generation
	endpoint   *cogs.Endpoint
	timeout    time.Duration
	lanes      *lanes // nil: calls run as they come
	pace       pace
}

// newRoute returns the route of an endpoint. It shares common with others, if that
// is not nil.
func newRoute(g *Generation, e *cogs.Endpoint, cog cogs.Cog, common *lanes) *route {
	r := &route{
		generation: g,
		endpoint:   e,
		timeout:    cmp.Or(e.Timeout, cog.Timeout, defaultTimeout),
	}
	switch {
	case e.Relayed(): // whoever is behind it knows the order
	case common != nil:
		r.lanes = common
	case e.Keyed():
		r.lanes = newLanes(1, e.MaxWaiting)
	case e.MaxInFlight > 0:
		r.lanes = newLanes(e.MaxInFlight, e.MaxWaiting)
	}
	return r
}

// queue takes an admitted call. It reports whether the caller is to run it now;
// otherwise it waits for its turn, or was refused.
func (r *route) queue(c *Call) bool {
	if r.endpoint.Relayed() {
		c.relay()
		return false
	}
	if r.lanes == nil {
		return true
	}
	var key string
	if r.endpoint.Keyed() {
		var ok bool
		if c.held || c.listener() != nil {
			// what the goroutine that released or delivered it still has to
			// do must not depend on a Key that calls runtime.Goexit
			done := make(chan struct{})
			go func() { // waited for below
				defer close(done)
				key, ok = r.prepare(c)
			}()
			<-done
		} else {
			key, ok = r.prepare(c)
		}
		if !ok {
			return false
		}
	}
	return r.lanes.submit(c, key)
}

// prepare finds the key of a call. It reports false if the call was dismissed.
func (r *route) prepare(c *Call) (key string, ok bool) {
	err := errGoexit
	defer func() { // deferred for a Key that calls runtime.Goexit
		if err != nil {
			c.dismiss(err)
		}
	}()
	var prepared *cogs.Endpoint
	key, prepared, err = r.endpoint.Prepare(c.data)
	if err != nil {
		return "", false
	}
	c.turn = prepared
	if r.lanes.single {
		key = ""
	}
	return key, true
}

// A pace tells whether a route's handlers are quick enough to run on the
// goroutine that read the request. It starts with no: what a new handler does
// is not known.
type pace struct{ score atomic.Int32 }

const (
	quickRun   = 100 * time.Microsecond
	quickScore = 4   // quick runs in a row that it takes
	slowScore  = -60 // after the watchdog found one slow, many more
)

func (p *pace) quick() bool { return p.score.Load() >= quickScore }

// ran notes how long a handler took on a worker.
func (p *pace) ran(took time.Duration) {
	if took > quickRun {
		if p.score.Load() > 0 {
			p.score.Store(0)
		}
		return
	}
	if p.score.Load() < quickScore {
		p.score.Add(1)
	}
}

// slow notes that a handler held up its connection.
func (p *pace) slow() { p.score.Store(slowScore) }
