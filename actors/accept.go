package actors

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/dialect"
)

// A client is a connection with its actor and its listener.
type client struct {
	*dialect.Connection
	srv   *Server
	pid   *actor.PID
	via   *listening // nil if the client came by ServeHTTP
	since time.Time

	silent atomic.Uint32 // beats without a message in a row; written by the crowd
}

// accept makes a connection of a handshake and returns. The connection goes on by
// itself.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, via *listening) {
	if !s.reserve() {
		tooMany(w)
		return
	}
	conn, err := s.acceptor.Accept(w, r)
	if err != nil {
		s.unreserve()
		s.log.Debug("handshake refused", "caller", r.RemoteAddr, "err", err)
		return
	}
	if s.isClosed() { // the server actor may have stopped, so there is no actor for the client
		conn.StartClose(closeGoingAway, "the server is shutting down")
		conn.Linger(time.Second)
		s.unreserve()
		return
	}
	c := &client{Connection: s.hub.Open(conn), srv: s, via: via, since: time.Now()}
	c.Owner = c
	c.pid = s.system.Root.Spawn(s.clientProps)
	s.system.Root.Send(c.pid, &opened{c})
	if !s.add(c) { // dismiss has not seen this client
		c.RequestClose(closeGoingAway, "the server is shutting down")
	}
	c.Start()
}

// Ended tells the client's actor that nothing can be read any more.
func (c *client) Ended(err error) { c.srv.system.Root.Send(c.pid, &readerEnded{err}) }

// RequestClose asks the client's actor to close the connection.
func (c *client) RequestClose(code int, reason string) {
	c.srv.system.Root.Send(c.pid, &closeRequest{code, reason})
}

func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, "too many connections, or the server is shutting down", http.StatusServiceUnavailable)
}

// reserve makes room for a connection. The caller then calls unreserve, or add.
func (s *Server) reserve() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() || s.connections.size+s.accepting >= s.opts.MaxConnections {
		return false
	}
	s.accepting++
	return true
}

// unreserve gives the room of reserve back.
func (s *Server) unreserve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepting--
}

// add fills the room of reserve with c. It reports whether clients of c's listener may
// stay.
func (s *Server) add(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepting--
	s.connections.add(c, s.giveHeartbeats)
	return !s.isClosed() && (c.via == nil || !c.via.over)
}

// isEmpty reports whether there is no client, and none on its way.
func (s *Server) isEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections.size+s.accepting == 0
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
	s.connections.remove(c)
}

// clients returns the connections that came by via, or all if via is nil.
func (s *Server) clients(via *listening) []*client {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*client
	s.connections.all(func(c *client) {
		if via == nil || c.via == via {
			list = append(list, c)
		}
	})
	return list
}
