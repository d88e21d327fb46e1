package dialect

import "github.com/cogbus/cogbus/internal/call"

// read is the connection's reader, until the client is gone or the watchdog
// takes the reading away.
func (c *Connection) read() {
	for {
		m, text, err := c.conn.Receive()
		if c.waited {
			c.waited = false
			var arrived int64
			if c.conn.Buffered() { // some of these calls will wait for others
				arrived = c.Router.Now()
			}
			c.turn.budget.renew(arrived)
		}
		if err != nil {
			c.handOffLater()
			c.dialect.rest()
			c.Ended(err)
			return
		}
		if !c.dialect.receive(m, text) {
			return
		}
	}
}

// takeOver starts a reader in place of one that is held up. What was answered
// before that leaves first, on the new goroutine: the client may be slow.
func (c *Connection) takeOver() {
	go func() {
		c.conn.Flush()
		c.read()
	}()
}

// handOffLater gives workers the calls that were left for when the read is done. The
// reader calls it before it waits for anything. Answers that are ready leave first.
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

// serve admits a call that the reader has read and, if its route is quick, runs it
// here. It reports whether the goroutine is still the reader.
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
	c.desk.watchdog.watch(c)
	returned := false
	defer func() {
		switch {
		case returned: // the answer leaves before the reader waits
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
