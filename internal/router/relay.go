package router

import (
	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/workers"
)

// relay passes an admitted call on to where its handler is. What comes back
// settles it; until then it is in flight.
func (c *Call) relay() {
	if !c.stage.CompareAndSwap(waiting, running) {
		return
	}
	if c.clock > 0 {
		c.lap(&c.counts().queue)
	}
	c.arm()
	c.turn.Relay(c, c.data, func(out []byte, err error) {
		if c.clock > 0 {
			c.lap(&c.counts().handler)
		}
		b := buffer.New()
		b.B = append(c.session.Peer.Head(b.B, c), out...)
		c.vacate()
		// not here: to answer may mean to wait for a slow peer, and the
		// outcomes of other calls wait behind this one
		c.session.Router.Pool.Go(workers.Func(func() {
			c.settle(b, err)
			b.Free()
		}))
	})
}
