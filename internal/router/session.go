package router

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// A Peer is a client, in its dialect: a session's answers go to it.
type Peer interface {
	// Name names the dialect.
	Name() string

	// Head, Tail and Fail are those of call.Maker.
	Head(dst []byte, c *call.Call) []byte
	Tail(dst []byte) []byte
	Fail(dst []byte, c *call.Call, err error) []byte

	// Send passes an answer on; without flush the connection's reader will write it
	// before it waits. It does not keep text.
	Send(c *call.Call, text []byte, flush bool)
}

// A Session makes the calls of one client, and holds those in flight.
type Session struct {
	Router *Router
	Peer   Peer
	Remote string // the client's address
	Limit  int    // calls in flight; 0: no limit

	inflight
	lastID  atomic.Uint64 // for dialects without ids
	sending atomic.Int64  // answers on their way to the peer
}

// A Request is a message that asks for a call.
type Request struct {
	ID       uint64 // 0: the session gives it one
	Endpoint []byte // copied
	Data     []byte // JSON; belongs to Buffer
	Buffer   *buffer.Buffer
	Admin    bool          // the caller is an admin
	Timeout  time.Duration // how long the caller waits; 0: it did not say
	Parent   *call.Call    // the call of the same cog that it was made for, if any
	Caller   string        // if empty, the session's Remote
	Dialect  string        // if empty, the session's Peer
}

// Join makes the calls of s known to CancelAll, until Leave.
func (r *Router) Join(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.makers[&s.inflight] = struct{}{}
}

// Leave undoes Join.
func (r *Router) Leave(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.makers, &s.inflight)
}

// NewCall returns the call that a request asks for. It takes the request's buffer over,
// to free it when the call is over.
func (s *Session) NewCall(q *Request) *call.Call {
	id := q.ID
	if id == 0 {
		id = s.lastID.Add(1)
	}
	target := (*s.Router.table.Load())[string(q.Endpoint)]
	var endpoint string
	if target != nil {
		endpoint = target.Endpoint.Name // no copy
	} else {
		endpoint = string(q.Endpoint)
	}
	return s.Router.env.New(call.Request{
		ID:       id,
		Endpoint: endpoint,
		Data:     q.Data,
		Buffer:   q.Buffer,
		Caller:   cmp.Or(q.Caller, s.Remote),
		Dialect:  cmp.Or(q.Dialect, s.Peer.Name()),
		Admin:    q.Admin,
		Timeout:  q.Timeout,
		Parent:   q.Parent,
	}, s, target)
}

// unsent + 2 × Limit is the most answers that a session keeps for a peer that has
// stopped reading. A peer that reads never reaches it: some answers that it has count
// until their goroutines run again.
const unsent = 16

// Enter notes a call, so that a cancel, the end of the connection or a drain finds it.
func (s *Session) Enter(c *call.Call) *wire.Error {
	err := s.add(c, s.allowed)
	if err != nil {
		c.RefusedUnseen(err)
	}
	return err
}

func (s *Session) allowed(count int) *wire.Error {
	if s.Limit > 0 && (count >= s.Limit || int(s.sending.Load()) > unsent+2*s.Limit) {
		e := wire.Errorf(wire.Overloaded, "this connection has %d calls in flight", s.Limit)
		e.RetryAfter = retryOverloaded
		return e
	}
	return nil
}

// retryOverloaded is when a caller that was refused may come back.
const retryOverloaded = 100 * time.Millisecond

// Head implements call.Maker.
func (s *Session) Head(dst []byte, c *call.Call) []byte { return s.Peer.Head(dst, c) }

// Tail implements call.Maker.
func (s *Session) Tail(dst []byte) []byte { return s.Peer.Tail(dst) }

// Fail implements call.Maker.
func (s *Session) Fail(dst []byte, c *call.Call, err error) []byte { return s.Peer.Fail(dst, c, err) }

// Answer implements call.Maker. It forgets the call before the peer has the answer: the
// peer may call again at once.
func (s *Session) Answer(c *call.Call, text []byte, flush bool) (seen bool) {
	s.sending.Add(1)
	seen = s.remove(c)
	s.Peer.Send(c, text, flush)
	s.sending.Add(-1)
	return seen
}

// Over implements call.Maker.
func (s *Session) Over(*call.Call) {}

// End makes the session refuse new calls with err.
func (s *Session) End(err *wire.Error) { s.end(err) }

// CancelAll ends the calls in flight: nobody is left to answer to.
func (s *Session) CancelAll() {
	s.each(func(*call.Call) bool { return true }, func(c *call.Call) {
		c.Cancel(wire.Errorf(wire.Canceled, "the caller of %q is gone", c.Endpoint), context.Canceled)
	})
}

// InFlight returns how many calls are unanswered, or their answers not sent.
func (s *Session) InFlight() int {
	return s.count() + int(s.sending.Load()) // in this order: none is missed
}
