package client

import (
	"fmt"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A call waits for its reply. Whoever takes it out of pending sets the outcome
// and sends on done, once; the caller reuses it afterwards.
type call struct {
	done  chan struct{} // of capacity 1
	reply reply
	err   error
	timer *time.Timer // nil until a call needs one
}

// exchange sends r and waits for its reply. With taken false it was certainly
// not sent, since the connection takes no more calls.
func (c *connection) exchange(r *request) (got reply, taken bool, err error) {
	select {
	case c.slots <- struct{}{}:
	default:
		if taken, err := c.queue(r); !taken || err != nil {
			return reply{}, taken, err
		}
	}
	k := c.owner.calls.Get().(*call)
	defer func() {
		k.reply, k.err = reply{}, nil
		c.owner.calls.Put(k)
	}()
	id := c.nextID.Add(1)
	if sent, err := c.send(r, id, k); !sent {
		c.release()
		return reply{}, err != nil, err
	}
	r.data.Free() // waiting takes no memory
	r.data = nil
	c.await(r, id, k)
	return k.reply, true, k.err
}

// send sends call id, after which k waits for its outcome. If the call was
// certainly not sent and err is nil, another connection may take it.
func (c *connection) send(r *request, id uint64, k *call) (sent bool, err error) {
	for {
		sent, room, err := c.trySend(r, id, k)
		if room == nil {
			return sent, err
		}
		if there, err := c.waitFor(room, r); !there {
			return false, err
		}
	}
}

// trySend is send without waiting: if too much waits for the bot, nothing is
// sent, and room is closed when that may have changed.
func (c *connection) trySend(r *request, id uint64, k *call) (sent bool, room <-chan struct{}, err error) {
	msg := buffer.New()
	defer msg.Free()
	left := time.Until(r.deadline)
	msg.B = protocol.AppendCall(msg.B, id, r.endpoint, r.data.B, max(left, 1))
	switch {
	case left <= 0:
		return false, nil, r.over(wire.Timeout, "it was not sent", nil)
	case len(msg.B) > c.max:
		return false, nil, newError(wire.TooLarge, fmt.Sprintf("the request of %q has %d bytes, the bot takes %d", r.endpoint, len(msg.B), c.max))
	case !c.enter(id, k):
		return false, nil, nil
	}
	room, err = c.ws.TrySend(msg.B)
	if room == nil && err == nil {
		c.flushSoon()
		return true, nil, nil
	}
	// not all of it was taken, so none of it will run
	if err != nil {
		c.retire(endedError(c.owner.target.where(), err))
	}
	if !c.withdraw(id) {
		<-k.done
	}
	return false, room, nil
}

// waitFor waits for room. Without it the call ends with err, or if that is nil,
// another connection may take it.
func (c *connection) waitFor(room <-chan struct{}, r *request) (there bool, err error) {
	c.flushSoon() // the sender of what fills it may not have done so yet
	ctx, cancel := r.context()
	defer cancel()
	select {
	case <-room:
		return true, nil
	case <-c.gone:
		return false, nil
	case <-ctx.Done():
		return false, r.over(wire.Overloaded, fmt.Sprintf("%q was not sent: the bot does not read what was sent before", r.endpoint), nil)
	}
}

// queue waits for a slot: the server would turn one call too many down.
func (c *connection) queue(r *request) (taken bool, err error) {
	ctx, cancel := r.context()
	defer cancel()
	select {
	case c.slots <- struct{}{}:
		return true, nil
	case <-c.gone:
		return false, nil
	case <-ctx.Done():
		return true, r.over(wire.Overloaded, fmt.Sprintf("%q was not sent: the bot takes %d calls at a time from a client, "+
			"and none of them has ended", r.endpoint, cap(c.slots)), nil)
	}
}

// await waits for the outcome of call id, which is then in k.
func (c *connection) await(r *request, id uint64, k *call) {
	var expired <-chan time.Time
	if r.timed {
		if k.timer == nil {
			k.timer = time.NewTimer(time.Until(r.deadline))
		} else {
			k.timer.Reset(time.Until(r.deadline))
		}
		defer k.timer.Stop()
		expired = k.timer.C
	}
	select {
	case <-k.done:
		return
	case <-r.ctx.Done():
	case <-expired:
	}
	if !c.abandon(id) {
		<-k.done // it is on its way
		return
	}
	err := mayHaveRun(r.over(wire.Timeout, "it may have run", nil))
	if wire.CodeOf(err) == wire.Canceled { // of the deadline the server knows
		msg := buffer.New()
		msg.B = protocol.AppendCancel(msg.B, id)
		// an error ends the connection, and the call with it; a bot that does not
		// read is not told, rather than the caller held
		_, _ = c.ws.TrySend(msg.B)
		msg.Free()
		c.flushSoon()
	}
	k.err = err
}

// flushSoon lets the writer write what was sent. Callers do not write
// themselves: a peer that does not read would hold them past their deadlines.
func (c *connection) flushSoon() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
