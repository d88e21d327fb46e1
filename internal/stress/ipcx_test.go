//go:build stress

package stress

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// An ipcxClient has one connection of the Python package's dialect. It sends requests
// without waiting for answers, so the bot reads ahead. The answers come in order.
type ipcxClient struct {
	w     *world
	p     *peer
	sent  chan flight   // requests without an answer, in order
	first atomic.Int64  // when the first of sent became the first; Unix nanoseconds
	left  atomic.Bool   // the client has ended the connection
	ended chan struct{} // closed when nothing can be read any more
	took  atomic.Int64  // number of answers
}

func (w *world) ipcx() {
	p, err := w.dial()
	if err != nil {
		w.bad.add("a client cannot connect", "raw ipcx: %v", err)
		time.Sleep(100 * time.Millisecond)
		return
	}
	c := &ipcxClient{w: w, p: p, sent: make(chan flight, 90), ended: make(chan struct{})}
	c.first.Store(time.Now().UnixNano())
	go c.read() // ends with the connection
	until := time.Now().Add(time.Duration(500+rand.IntN(3000)) * time.Millisecond)
	var n int64
	for time.Now().Before(until) && !w.over() && c.burst(&n) {
	}
	if rand.IntN(2) == 0 {
		c.settle(n)
	}
	c.left.Store(true)
	_ = p.ws.Close()
	<-c.ended
	for len(c.sent) > 0 {
		w.book.answer((<-c.sent).token, lost, 0)
	}
}

func (c *ipcxClient) burst(n *int64) bool {
	key := secret
	for range 1 + rand.IntN(6) {
		f := flight{request: c.w.request(byIPCX), sent: time.Now()}
		if len(c.sent) == 0 {
			c.first.Store(f.sent.UnixNano())
		}
		if !c.push(f) {
			c.w.book.answer(f.token, unsent, 0)
			return false
		}
		*n++
		c.p.add(protocol.AppendEnvelope(nil, f.endpoint, f.data, &key))
	}
	if rand.IntN(10) == 0 {
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
	}
	return c.flush()
}

// push notes a call as sent. If it has to wait, it first writes the gathered messages.
func (c *ipcxClient) push(f flight) bool {
	select {
	case c.sent <- f:
		return true
	default:
	}
	if !c.flush() {
		return false
	}
	giveUp := time.NewTimer(unsaid + patience)
	defer giveUp.Stop()
	select {
	case c.sent <- f:
		return true
	case <-c.ended:
	case <-giveUp.C:
		c.w.bad.add("a call has no answer", "raw ipcx: none in %v, %d requests wait", unsaid+patience, len(c.sent))
	}
	return false
}

func (c *ipcxClient) flush() bool {
	_ = c.p.ws.NetConn().SetWriteDeadline(time.Now().Add(unsaid + patience))
	err := c.p.flush()
	if err != nil {
		c.w.bad.add("a connection ends by itself", "raw ipcx: write: %v", err)
	}
	return err == nil
}

func (c *ipcxClient) read() {
	defer close(c.ended)
	for {
		_, text, err := c.p.ws.ReadMessage()
		if err != nil {
			if !c.left.Load() {
				c.w.bad.add("a connection ends by itself", "raw ipcx: read: %v", err)
			}
			return
		}
		select {
		case f := <-c.sent:
			c.answered(f, text)
		default:
			c.w.bad.add("a call has two answers", "raw ipcx: an answer too many: %.300q", text)
		}
	}
}

// answered handles an answer. The time of a call begins when it has become the first,
// since the calls before it have had their own times.
func (c *ipcxClient) answered(f flight, text []byte) {
	c.took.Add(1)
	now := time.Now()
	if since := now.Sub(time.Unix(0, c.first.Swap(now.UnixNano()))); since > unsaid+patience {
		c.w.bad.add("an answer comes after the deadline", "call %d of %s by %v: after %v", f.token, f.endpoint, byIPCX, since)
	}
	data, err := protocol.ParseValue(text)
	e, known := errors.AsType[*wire.Error](err)
	if err != nil && !known {
		c.w.bad.add("an answer cannot be read", "raw ipcx: %.300q: %v", text, err)
	}
	c.w.book.answer(f.token, fateOf(e), now.Sub(f.sent))
	if err == nil {
		c.w.check(f.request, byIPCX, data)
	}
}

// settle waits until n answers have come.
func (c *ipcxClient) settle(n int64) {
	for giveUp := time.Now().Add(unsaid + patience); c.took.Load() < n; {
		if time.Now().After(giveUp) {
			c.w.bad.add("a call has no answer", "raw ipcx: %d requests wait after %v", n-c.took.Load(), unsaid+patience)
			return
		}
		select {
		case <-c.ended:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
	time.Sleep(20 * time.Millisecond) // for an answer too many
}
