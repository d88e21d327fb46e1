package actors

import (
	"net/http"
	"time"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// Discovery returns the handler that tells the Python package's clients the port of the
// first TCP listener. Run serves it on Options.Discovery.
func (s *Server) Discovery() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.reserve() {
			tooMany(w)
			return
		}
		defer s.unreserve()
		conn, err := s.acceptor.Accept(w, r)
		if err != nil {
			s.log.Debug("handshake refused", "caller", r.RemoteAddr, "err", err)
			return
		}
		left := make(chan struct{})
		defer close(left)
		go func() { // ends when this client leaves
			// a look-up takes a moment, so a client that stays longer wants something
			// else
			timer := time.NewTimer(authTimeout)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-s.closed:
			case <-left:
			}
			conn.Abort()
		}()
		s.locate(conn)
	})
}

// locate answers look-ups, one after the other, until the client leaves.
func (s *Server) locate(conn *transport.Conn) {
	defer conn.Linger(time.Second)
	for {
		m, _, err := conn.Receive()
		if err != nil {
			return
		}
		var e protocol.Envelope
		err = e.Parse(m.B)
		switch _, ok := s.hub.Authorized(&e); {
		case err != nil:
			err = conn.Send(protocol.AppendErrorObject(nil, err))
		case !ok:
			if wait := s.hub.Delay(conn.RemoteAddr()); wait > 0 {
				time.Sleep(wait)
			}
			err = conn.Send(protocol.AppendErrorObject(nil, wire.Errorf(wire.Unauthorized, "no secret, or a wrong one")))
		default:
			err = conn.Send(protocol.AppendLocation(nil, s.announced()))
		}
		m.Free()
		if err != nil {
			return
		}
	}
}

// announced returns the port that Discovery tells clients.
func (s *Server) announced() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port
}
