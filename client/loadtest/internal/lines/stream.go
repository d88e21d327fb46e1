package lines

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A stream is one connection of a pipe.
type stream struct {
	ws   *transport.Conn
	wake chan struct{} // something was sent
	quit chan struct{} // closed when the reader has ended

	mu      sync.Mutex // protects the fields below, and keeps sending in the order of waiting
	waiting []*answer  // the calls that are under way, in their order
	lost    error      // set by the reader when nothing more is answered
}

// An answer is what a call waits for.
type answer struct{ done chan error } // capacity 1

// send sends a call, whose end a then gets. Where too much waits for the bot it
// sends nothing, and room is closed when trying again may help: who waited in here
// would keep the reader from a.
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
		s.ws.Abort() // the reader ends all calls, this one too
	}
	return nil
}

func (s *stream) flushSoon() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write is the stream's writer: callers do not write, nor does the reader, since a
// bot that does not read would stop them.
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

// read is the stream's reader.
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
			p.lose(s, errors.New("the bot has answered what was not asked"))
			return
		}
		a := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		a.done <- err
	}
}

// lose ends the calls of a lost stream.
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
