package router

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// A Session makes the calls of one client, and holds those in flight.
type Session struct {
	Router *Router
	Maker  call.Maker // writes the answers, in the client's dialect
	Remote string     // the client's address
	Limit  int        // calls in flight; 0: no limit

	call.Origin // of the client's calls; set before the first one

	inflight
	lastID  atomic.Uint64 // for dialects without ids
	sending atomic.Int64  // answers on their way to the client
}

// A Request is a client's message that asks for a call.
type Request struct {
	ID       uint64 // 0: the session gives it one
	Endpoint []byte // copied
	Data     []byte // JSON; belongs to Buffer
	Buffer   *buffer.Buffer
	Admin    bool          // the caller is an admin
	Timeout  time.Duration // how long the caller waits; 0: it did not say
	Arrived  int64         // when the message arrived, by Router.Now; 0: it has just done so
	Parent   *call.Call    // the call of the same cog for which this one is made, if any
	Caller   string        // if empty, the session's Remote
	Origin   *call.Origin  // if nil, the session's
}

// Register makes the calls of s known to CancelAll, until Unregister.
func (r *Router) Register(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.makers[&s.inflight] = struct{}{}
}

// Unregister undoes Register.
func (r *Router) Unregister(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.makers, &s.inflight)
}

// NewCall returns the call that a request asks for. It takes the request's buffer over,
// to free it when the call is over.
func (s *Session) NewCall(q *Request) *call.Call {
	target := (*s.Router.table.Load())[string(q.Endpoint)]
	c := s.Router.env.New(s.Maker, target)
	if c.ID = q.ID; c.ID == 0 {
		c.ID = s.lastID.Add(1)
	}
	if target != nil {
		c.Endpoint = target.Endpoint.Name // no copy
	} else {
		c.Endpoint = string(q.Endpoint)
	}
	c.Data, c.Buffer = q.Data, q.Buffer
	if c.Caller = q.Caller; c.Caller == "" {
		c.Caller = s.Remote
	}
	if c.Origin = q.Origin; c.Origin == nil {
		c.Origin = &s.Origin
	}
	c.Admin, c.Timeout, c.Arrived, c.Parent = q.Admin, q.Timeout, q.Arrived, q.Parent
	c.Stamp()
	return c
}

// unsent + 2 × Limit is the most answers that a session keeps for a peer that has
// stopped reading. A peer that reads never reaches it, although some answers that it
// has received count until their goroutines run again.
const unsent = 16

// Enter notes a call, so that a cancel, the end of the connection or a drain finds it.
func (s *Session) Enter(c *call.Call) *wire.Error {
	var err *wire.Error
	s.mu.Lock()
	if s.Limit > 0 && (s.countLocked() >= s.Limit || int(s.sending.Load()) > unsent+2*s.Limit) && s.ended == nil {
		err = call.Overloaded("this connection has %d calls in flight", s.Limit)
	} else {
		err = call.NotRun(s.addLocked(c))
	}
	s.mu.Unlock()
	if err != nil {
		c.Refused(err)
	}
	return err
}

// Forget takes a call out of the calls in flight. Its maker calls Forget before it
// sends the answer, since the client may call again as soon as it has the answer, and
// Sent afterwards. pinned reports whether another goroutine goes through the calls and
// may still refer to this one.
func (s *Session) Forget(c *call.Call) (pinned bool) {
	s.sending.Add(1)
	return s.remove(c)
}

// Sent says that the answer of a call is sent, or never will be.
func (s *Session) Sent() { s.sending.Add(-1) }

// End makes the session refuse new calls with err.
func (s *Session) End(err *wire.Error) { s.end(err) }

// CancelAll cancels the calls in flight for which match is true, and answers them with
// err.
func (s *Session) CancelAll(match func(*call.Call) bool, err *wire.Error) {
	s.each(match, func(c *call.Call) { c.Cancel(err, context.Canceled) })
}

// InFlight returns how many calls are unanswered, or have an answer that is not sent.
func (s *Session) InFlight() int {
	return s.count() + int(s.sending.Load()) // in this order: otherwise a call between the two would be missed
}
