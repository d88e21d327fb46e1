package router

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/cogbus/cogbus/wire"
)

// A Peer is who a session's answers go to, in its dialect.
type Peer interface {
	// Name names the dialect.
	Name() string

	// Head and Tail append what stands around a result; Fail appends the
	// answer that a call failed.
	Head(dst []byte, c *Call) []byte
	Tail(dst []byte) []byte
	Fail(dst []byte, c *Call, err error) []byte

	// Send passes an answer on; without flush the connection's reader will
	// write it before it waits. It does not keep text.
	Send(c *Call, text []byte, flush bool)
}

// A Session holds the calls in flight of one caller: of a connection, or of
// all that is inside the bot.
type Session struct {
	Router *Router
	Peer   Peer
	Remote string // for logs and CallInfo
	Limit  int    // calls in flight; 0: no limit

	// Whole says that a call which runs is answered when its handler has
	// returned, also if it was given up before: the peer counts on that, and
	// tells its own callers by itself.
	Whole bool

	lastID  atomic.Uint64 // for dialects without ids
	sending atomic.Int64  // answers on their way to the peer

	mu    sync.Mutex // protects the fields below
	calls flying
	pins  int         // who goes through the calls, at the moment
	ended *wire.Error // why no calls are taken any more
}

// unsent, and twice the limit of calls, bounds the answers that a peer which does
// not read keeps waiting. A peer that reads must not meet it: some answers that it
// has count until their goroutines run again.
const unsent = 16

// Enter notes a call, so that a cancel, a loss of the connection or a drain
// finds it. A call without an id gets one.
func (s *Session) Enter(c *Call) *wire.Error {
	err := s.enter(c)
	if err != nil {
		c.refused(err)
	}
	return err
}

func (s *Session) enter(c *Call) *wire.Error {
	if c.id == 0 {
		c.id = s.lastID.Add(1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended != nil:
		return s.ended
	case s.Limit > 0 && (s.calls.count() >= s.Limit || int(s.sending.Load()) > unsent+2*s.Limit):
		return overloaded("this connection has %d calls in flight", s.Limit)
	case s.calls.find(c.id) != nil:
		return wire.Errorf(wire.BadRequest, "call id %d is in flight already", c.id)
	}
	s.calls.add(c)
	return nil
}

// send passes on the answer of c. Before that c is forgotten: a caller may call
// again as soon as it has the answer. pinned says that somebody has come across c
// before and may still use it.
func (s *Session) send(c *Call, text []byte, flush bool) (pinned bool) {
	s.sending.Add(1)
	s.mu.Lock()
	s.calls.remove(c)
	pinned = s.pins > 0
	s.mu.Unlock()
	s.Peer.Send(c, text, flush)
	s.sending.Add(-1)
	return pinned
}

// Find returns the call in flight with that id, nil if there is none.
func (s *Session) Find(id uint64) *Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls.find(id)
}

// End makes the session refuse new calls with err.
func (s *Session) End(err *wire.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = err
	}
}

// each calls do for the calls in flight for which match is true. Meanwhile none of
// the session's calls is used again, or do would be given another one.
func (s *Session) each(match func(*Call) bool, do func(*Call)) {
	s.mu.Lock()
	list := s.calls.matching(match)
	s.pins++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pins--
	}()
	for _, c := range list {
		do(c)
	}
}

// AbandonAll ends the calls in flight: nobody is left to answer to.
func (s *Session) AbandonAll() {
	s.each(func(*Call) bool { return true }, func(c *Call) {
		c.Abandon(wire.Errorf(wire.Canceled, "the caller of %q is gone", c.endpoint), context.Canceled)
	})
}

// InFlight returns how many calls are unanswered, or their answers not sent.
func (s *Session) InFlight() int {
	s.mu.Lock()
	n := s.calls.count()
	s.mu.Unlock()
	return n + int(s.sending.Load()) // in this order: none is missed
}
