package actors

import (
	"net/http"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/wire"
)

// accept makes a connection of a handshake and returns; the connection goes on
// by itself.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, via *listening) {
	if !s.reserve() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	conn, err := s.acceptor.Accept(w, r)
	if err != nil {
		s.release(nil)
		s.log.Debug("handshake refused", "caller", r.RemoteAddr, "err", err)
		return
	}
	c := &connection{conn: conn, via: via, host: hostOf(conn.RemoteAddr())}
	c.session = session{srv: s, remote: conn.RemoteAddr().String(), calls: map[uint64]*call{}}
	if conn.Subprotocol() == wire.Subprotocol {
		c.dialect = &v1{c: c}
		c.limit = s.opts.MaxCalls
	} else {
		c.dialect = newIPCX(c)
	}
	c.peer = c.dialect
	c.pid = s.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &connectionActor{c: c} },
		actor.WithDispatcher(&s.pool)))
	if !s.release(c) { // the server has closed meanwhile
		s.system.Root.Send(c.pid, &shut{closeGoingAway, "the server is shutting down"})
	}
	c.startReader()
}

// reserve makes room for a connection; release fills it with c, or gives it
// back if c is nil. Release reports whether the server is still open.
func (s *Server) reserve() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() || len(s.connections)+s.accepting >= s.opts.MaxConnections {
		return false
	}
	s.accepting++
	return true
}

func (s *Server) release(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepting--
	if c != nil {
		s.connections[c] = struct{}{}
	}
	return !s.isClosed()
}

func (s *Server) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

func (s *Server) remove(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, c)
}

// clients returns the connections that came by via, or all if that is nil.
func (s *Server) clients(via *listening) []*connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*connection
	for c := range s.connections {
		if via == nil || c.via == via {
			list = append(list, c)
		}
	}
	return list
}
