package dialect

import (
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/workers"
)

// read is the connection's reader, until the client is gone or another goroutine takes
// the reading over. A call passes these stations in this order:
//
//	Conn.Receive            ends the connection if the message is too large or too late
//	dialect.receive         parses the message. Rejects: bad_request, unauthorized
//	  Session.NewCall       looks its route up
//	  Session.Enter         notes the call. Rejects: overloaded (calls of the
//	                        connection), unavailable (closing), bad_request (id in use)
//	  ipcx.turnOf           ipcx only: the call waits for the requests before it
//	Connection.serve
//	  Router.Admit          rejects: no_route
//	    gate.Admit          counts the call into a generation, or holds it. Rejects:
//	                        overloaded (calls of the cog, held calls), unavailable,
//	                        no_route (unloaded)
//	    route.take          gives it a place in a lane. Rejects: overloaded (MaxWaiting)
//	  budget.allows         chooses its goroutine: this one, or a worker
//	  Call.RunOnReader or   finds the key, waits for the turn, runs the handler.
//	  Call.HandOff          Rejects: bad_request, overloaded (MaxWaiting), timeout
//	Maker.Answer            notes the call as answered, gathers the answer
//	Conn.Flush              writes all answers of one read, before Receive waits
func (c *Connection) read() {
	for {
		m, text, err := c.conn.Receive()
		if !c.reading.Load() { // a new read
			c.reading.Store(true)
			var arrived int64
			if c.conn.Buffered() { // some of the calls of this read will wait for others
				arrived = c.Router.Now()
			}
			c.turn.budget.renew(arrived)
		}
		if err != nil {
			c.handOffLater()
			c.dialect.waitAnswers()
			c.reading.Store(false)
			c.Owner.Ended(err)
			return
		}
		if c.rejected {
			m.Free()
			continue
		}
		if !c.dialect.receive(m, text) {
			return
		}
	}
}

// onWorker has a worker take one of the first messages of a client, and waits for it.
// Such a message would leave the reader with a stack of twice the size, for as long as
// an idle client stays. do runs no handler, so the reader stays the reader.
func (c *Connection) onWorker(do func()) {
	done := make(chan struct{})
	c.Router.Pool.Go(workers.Func(func() {
		defer close(done)
		do()
		c.conn.Flush()
	}))
	<-done
}

// takeOver starts a reader in place of a slow one. The answers that are ready leave
// first, on the new goroutine, since the client may be slow.
func (c *Connection) takeOver() {
	go func() {
		c.conn.Flush()
		c.read()
	}()
}

// handOffLater gives the calls in later to workers. The reader calls it before it
// waits. The answers that are ready leave first.
func (c *Connection) handOffLater() {
	if len(c.later) == 0 {
		return
	}
	c.conn.Flush()
	for _, k := range c.later {
		k.HandOff()
	}
	clear(c.later)
	c.later = c.later[:0]
}

// serve admits a call that the reader has read and, if its route is quick, runs it here.
// It returns true if the goroutine is still the reader.
func (c *Connection) serve(k *call.Call) bool {
	if !c.Router.Admit(k) {
		return true
	}
	switch {
	case c.turn.budget.allows(k, c.Router):
	case c.turn.budget.over > 0 && c.conn.Buffered():
		c.later = append(c.later, k)
		return true
	default:
		k.HandOff()
		return true
	}
	c.turn.budget.spend(k.Pace())
	token := c.turn.begin(k)
	c.hub.watchdog.watch(c)
	returned := false
	defer func() {
		switch {
		case returned: // Flush writes the answer before the reader waits
		case c.turn.end(token): // the handler, or the Key, called runtime.Goexit
			c.takeOver()
		default:
			c.conn.Flush()
		}
	}()
	served := k.RunOnReader()
	if returned = c.turn.end(token); returned && served {
		k.Free()
	}
	return returned
}
