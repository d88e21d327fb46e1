package actors

import (
	"sync"
	"sync/atomic"

	"github.com/cogbus/cogbus/wire"
)

// A peer is who a session's answers go to, in its dialect.
type peer interface {
	name() string

	// head and tail append what stands around a result; fail appends the
	// answer that a call failed.
	head(dst []byte, c *call) []byte
	tail(dst []byte) []byte
	fail(dst []byte, c *call, err error) []byte

	// send passes an answer on; without flush the connection's reader will
	// write it before it waits. It does not keep text.
	send(c *call, text []byte, flush bool)
}

// A session holds the calls in flight of one caller: of a connection, or of
// all that is inside the bot.
type session struct {
	srv    *Server
	peer   peer
	remote string // for logs and CallInfo
	limit  int    // calls in flight; 0: no limit

	lastID atomic.Uint64 // for dialects without ids

	mu    sync.Mutex // protects the fields below
	calls map[uint64]*call
	ended *wire.Error // why no calls are taken any more
}

// enter notes a call, so that a cancel, a loss of the connection or a drain
// finds it. A call without an id gets one.
func (s *session) enter(c *call) *wire.Error {
	if c.id == 0 {
		c.id = s.lastID.Add(1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended != nil:
		return s.ended
	case s.limit > 0 && len(s.calls) >= s.limit:
		return overloaded("this connection has %d calls in flight", s.limit)
	case s.calls[c.id] != nil:
		return wire.Errorf(wire.BadRequest, "call id %d is in flight already", c.id)
	}
	s.calls[c.id] = c
	return nil
}

// forget drops a call that is answered.
func (s *session) forget(c *call) {
	s.mu.Lock()
	if s.calls[c.id] == c {
		delete(s.calls, c.id)
	}
	s.mu.Unlock()
}

func (s *session) find(id uint64) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[id]
}

// end makes the session refuse new calls with err.
func (s *session) end(err *wire.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = err
	}
}

// matching returns the calls in flight for which match is true.
func (s *session) matching(match func(*call) bool) []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*call
	for _, c := range s.calls {
		if match(c) {
			list = append(list, c)
		}
	}
	return list
}

func (s *session) inFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}
