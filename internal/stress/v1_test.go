//go:build stress

package stress

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/wire/protocol"
)

// unsaid is the time limit of a call that names no deadline.
const unsaid = 30 * time.Second

// A v1Client has one connection of cogbus.v1.
type v1Client struct {
	w     *world
	p     *peer
	room  chan struct{} // has an element for each call in flight
	left  atomic.Bool   // the client has ended the connection
	ended chan struct{} // closed when nothing can be read any more

	mu   sync.Mutex // protects open
	open map[uint64]flight
}

// A flight is a call in flight.
type flight struct {
	request
	sent, deadline time.Time
}

// v1 is the life of one connection, from dialling to its end: a proper one, or a cut.
func (w *world) v1() {
	p, err := w.dial(protocol.Subprotocol)
	if err == nil {
		err = p.shakeHands()
	}
	if err != nil {
		w.bad.add("a client cannot connect", "raw cogbus.v1: %v", err)
		time.Sleep(100 * time.Millisecond)
		return
	}
	depth := 24
	if rand.IntN(8) == 0 {
		depth = 80 // more than the bot takes
	}
	c := &v1Client{w: w, p: p, room: make(chan struct{}, depth), ended: make(chan struct{}), open: map[uint64]flight{}}
	go c.read() // ends with the connection
	until := time.Now().Add(time.Duration(500+rand.IntN(3000)) * time.Millisecond)
	var id uint64
	for time.Now().Before(until) && !w.over() && c.burst(&id) {
	}
	if rand.IntN(2) == 0 {
		c.settle()
	}
	c.left.Store(true)
	_ = p.ws.Close()
	<-c.ended
	for _, f := range c.open {
		w.book.answer(f.token, lost, 0)
	}
}

// burst sends some calls at once. It reports false if the connection has ended.
func (c *v1Client) burst(id *uint64) bool {
	for range 1 + rand.IntN(12) {
		if !c.takeRoom() {
			return false
		}
		*id++
		f := flight{request: c.w.request(byV1), sent: time.Now()}
		limit := time.Duration(0)
		if f.deadline = f.sent.Add(unsaid); f.waits() || rand.IntN(3) == 0 {
			limit = time.Duration(1+rand.IntN(30)) * time.Millisecond
			f.deadline = f.sent.Add(limit)
		}
		c.mu.Lock()
		c.open[*id] = f
		c.mu.Unlock()
		c.p.add(protocol.AppendCall(nil, *id, f.endpoint, f.data, limit))
		switch rand.IntN(8) {
		case 0: // an id that was sent before, perhaps answered already
			c.p.add(protocol.AppendCancel(nil, max(1, *id-min(*id, uint64(rand.IntN(4))))))
		case 1: // the id of this call, a moment later
			if !c.flush() {
				return false
			}
			time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
			c.p.add(protocol.AppendCancel(nil, *id))
		}
	}
	ok := c.flush()
	if rand.IntN(3) == 0 {
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
	}
	return ok
}

// takeRoom waits until the client may have one more call in flight. It first writes the
// gathered messages, since it would otherwise wait for calls that it has not sent.
func (c *v1Client) takeRoom() bool {
	select {
	case c.room <- struct{}{}:
		return true
	default:
	}
	if !c.flush() {
		return false
	}
	giveUp := time.NewTimer(unsaid + patience)
	defer giveUp.Stop()
	select {
	case c.room <- struct{}{}:
		return true
	case <-c.ended:
	case <-giveUp.C: // settle will say for which call
	}
	return false
}

func (c *v1Client) flush() bool {
	err := c.p.flush()
	if err != nil {
		c.w.bad.add("a connection ends by itself", "raw cogbus.v1: write: %v", err)
	}
	return err == nil
}

func (c *v1Client) read() {
	defer close(c.ended)
	for {
		_, text, err := c.p.ws.ReadMessage()
		if err != nil {
			if !c.left.Load() {
				c.w.bad.add("a connection ends by itself", "raw cogbus.v1: read: %v", err)
			}
			return
		}
		var r protocol.Reply
		if err := r.Parse(text); err != nil || r.ID == 0 {
			c.w.bad.add("an answer cannot be read", "raw cogbus.v1: %.300q: %v", text, err)
			continue
		}
		c.answered(&r, text)
	}
}

func (c *v1Client) answered(r *protocol.Reply, text []byte) {
	c.mu.Lock()
	f, ok := c.open[r.ID]
	delete(c.open, r.ID)
	c.mu.Unlock()
	if !ok {
		c.w.bad.add("a call has two answers", "raw cogbus.v1: id %d, the second is %.300q", r.ID, text)
		return
	}
	<-c.room
	c.w.book.answer(f.token, fateOf(r.Err), time.Since(f.sent))
	c.w.book.due(c.w.bad, f.request, byV1, f.deadline)
	if r.Err == nil {
		c.w.check(f.request, byV1, r.OK)
	}
}

// settle waits for the answers that have not come.
func (c *v1Client) settle() {
	giveUp := time.Now().Add(unsaid + patience)
	for {
		c.mu.Lock()
		n := len(c.open)
		c.mu.Unlock()
		switch {
		case n == 0:
			time.Sleep(20 * time.Millisecond) // for a second answer
			return
		case time.Now().After(giveUp):
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, f := range c.open {
				c.w.bad.add("a call has no answer", "call %d of %s by %v, %v after its deadline", f.token, f.endpoint, byV1, time.Since(f.deadline))
			}
			return
		}
		select {
		case <-c.ended:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}
