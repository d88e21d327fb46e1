package actors

import (
	"net/http"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/dialect"
)

// A client is a connection, its actor, and how it came.
type client struct {
	*dialect.Connection
	pid *actor.PID
	via *listening // nil if it came by ServeHTTP
}

// accept makes a connection of a handshake and returns; the connection goes on
// by itself.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, via *listening) {
	if !s.reserve() {
		tooMany(w)
		return
	}
	conn, err := s.acceptor.Accept(w, r)
	if err != nil {
		s.release(nil)
		s.log.Debug("handshake refused", "caller", r.RemoteAddr, "err", err)
		return
	}
	if s.isClosed() { // it may be too late for an actor
		conn.StartClose(closeGoingAway, "the server is shutting down")
		conn.Linger(time.Second)
		s.release(nil)
		return
	}
	c := &client{Connection: s.hub.Open(conn), via: via}
	c.pid = s.system.Root.Spawn(s.clientProps)
	s.system.Root.Send(c.pid, &opened{c})
	c.Ended = func(err error) { s.system.Root.Send(c.pid, &readerEnded{err}) }
	c.RequestClose = func(code int, reason string) { s.system.Root.Send(c.pid, &shut{code, reason}) }
	if !s.release(c) { // whoever dismisses clients has not seen this one
		c.RequestClose(closeGoingAway, "the server is shutting down")
	}
	c.Start()
}

func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, "too many connections, or the server is shutting down", http.StatusServiceUnavailable)
}

// reserve makes room for a connection; release fills it with c, or gives it
// back if c is nil. Release reports whether clients of its kind may stay.
func (s *Server) reserve() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() || len(s.connections)+s.accepting >= s.opts.MaxConnections {
		return false
	}
	s.accepting++
	return true
}

func (s *Server) release(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepting--
	if c == nil {
		return true
	}
	s.connections[c] = struct{}{}
	return !s.isClosed() && (c.via == nil || !c.via.over)
}

// isEmpty reports whether no client is left, nor one on its way.
func (s *Server) isEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.connections)+s.accepting == 0
}

func (s *Server) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

func (s *Server) remove(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, c)
}

// clients returns the connections that came by via, or all if that is nil.
func (s *Server) clients(via *listening) []*client {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*client
	for c := range s.connections {
		if via == nil || c.via == via {
			list = append(list, c)
		}
	}
	return list
}
