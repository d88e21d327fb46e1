package client

import (
	"fmt"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A call waits for its reply. Exactly one goroutine takes it out of pending; it sets
// the outcome and sends on done. The caller then reuses the call.
type call struct {
	done  chan struct{} // of capacity 1
	reply reply
	err   error
	timer *time.Timer // nil until a call needs one
}

// exchange sends r and waits for its reply. If taken is false, r was certainly not
// sent, since the connection takes no more calls.
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
		c.freeSlot()
		return reply{}, err != nil, err
	}
	r.data.Free() // a waiting call takes no memory for its data
	r.data = nil
	c.await(r, id, k)
	return k.reply, true, k.err
}

// send sends call id. Then k waits for its outcome. If the call was certainly not sent
// and err is nil, another connection may take it.
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

// trySend is send without waiting. If too many bytes wait for the bot, it sends
// nothing, and room is closed when that may have changed.
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
	case !c.register(id, k):
		return false, nil, nil
	}
	room, err = c.ws.TrySend(msg.B)
	if room == nil && err == nil {
		c.flushSoon()
		return true, nil, nil
	}
	// the bot cannot have got all of it, so it will not run it
	if err != nil {
		c.retire(endedError(c.owner.target.where(), err))
	}
	if !c.withdraw(id) {
		<-k.done
	}
	return false, room, nil
}

// waitFor waits for room. If there is none, the call ends with err, or if err is nil,
// another connection may take it.
func (c *connection) waitFor(room <-chan struct{}, r *request) (there bool, err error) {
	c.flushSoon() // the call that has filled the buffer may not have done this yet
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

// queue waits for a slot, since the server would refuse a call too many.
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

// await waits for the outcome of call id, and leaves it in k.
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
		<-k.done // another goroutine has taken the call, and sends soon
		return
	}
	err := mayHaveRun(r.over(wire.Timeout, "it may have run", nil))
	if wire.CodeOf(err) == wire.Canceled { // the server knows deadlines
		msg := buffer.New()
		msg.B = protocol.AppendCancel(msg.B, id)
		// An error ends the connection, and the call with it. If the bot does not read,
		// the cancel is dropped: the caller must not wait.
		_, _ = c.ws.TrySend(msg.B)
		msg.Free()
		c.flushSoon()
	}
	k.err = err
}

// flushSoon lets the writer write the gathered messages. Callers do not write
// themselves, because a peer that does not read would hold them past their deadlines.
func (c *connection) flushSoon() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
