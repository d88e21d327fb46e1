package conns

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A stream is one network connection of a pipe.
type stream struct {
	ws   *transport.Conn
	wake chan struct{} // tells the writer that there are bytes to write
	quit chan struct{} // closed when the reader has ended

	mu      sync.Mutex // protects the fields below; calls are sent under it, in the order of waiting
	waiting []*answer  // calls that are under way, in the order in which they were sent
	lost    error      // set by the reader when the connection is lost
}

// An answer receives the outcome of a call.
type answer struct{ done chan error } // has capacity 1, so that the reader never waits

// send sends a call; a receives its outcome. If too many bytes already wait for the
// bot, send sends nothing and returns room, which is closed when the caller may try
// again. It does not wait for room itself, because it holds mu, which the reader
// needs.
func (s *stream) send(a *answer, text []byte) (room <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		a.done <- lostCall(wire.Unavailable, "it was not sent: the connection is lost", s.lost)
		return nil
	}
	room, err := s.ws.TrySend(text)
	s.flushSoon()
	if room != nil {
		return room
	}
	s.waiting = append(s.waiting, a)
	if err != nil {
		s.ws.Abort() // the reader then ends all calls, including this one
	}
	return nil
}

func (s *stream) flushSoon() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write is the stream's writer. Neither the callers nor the reader write, because a
// bot that does not read would block them.
func (s *stream) write() {
	for {
		select {
		case <-s.wake:
			s.ws.Flush()
		case <-s.quit:
			return
		}
	}
}

// read is the stream's reader. It ends when the connection is lost.
func (p *pipe) read(s *stream) {
	defer close(s.quit)
	for {
		buf, _, err := s.ws.Receive()
		if err != nil {
			p.lose(s, err)
			return
		}
		_, err = protocol.ParseValue(buf.B)
		buf.Free()
		s.mu.Lock()
		if len(s.waiting) == 0 {
			s.mu.Unlock()
			s.ws.Abort()
			p.lose(s, errors.New("the bot has sent an answer without a request"))
			return
		}
		a := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		a.done <- err
	}
}

// lose ends the calls of a stream whose connection was lost.
func (p *pipe) lose(s *stream, err error) {
	p.mu.Lock()
	if p.stream == s {
		p.stream = nil
	}
	p.mu.Unlock()
	s.mu.Lock()
	s.lost = fmt.Errorf("the connection to %s was lost: %w", p.where, err)
	waiting := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	for _, a := range waiting {
		a.done <- lostCall(wire.Interrupted, s.lost.Error()+": it may have run", err, client.ErrMayHaveRun)
	}
	s.ws.Abort()
}
