package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/cogbus/cogbus/internal/socket"
)

// A listening is one listener that is served.
type listening struct {
	http *http.Server
	over bool // protected by the server's mu; the listener is not served any more
}

// mayServe refuses to let every process that reaches the port call everything.
func (s *Server) mayServe(l net.Listener) error {
	switch admin := s.opts.AdminSecret; {
	case admin != "" && s.opts.Secret == "":
		return errors.New("Options.AdminSecret is set and Options.Secret is not: set both, since callers without a secret cannot prove anything")
	case admin != "" && (admin == s.opts.Secret || admin == s.opts.PreviousSecret):
		return errors.New("Options.AdminSecret is also the secret of callers: choose another one, or every caller could administer the cogs")
	}
	if _, tcp := l.Addr().(*net.TCPAddr); tcp && len(s.hub.Credentials) == 0 && !s.opts.Insecure {
		return errors.New("a server without a secret does not listen on TCP: set Options.Secret, or Options.Insecure if anybody may call")
	}
	return nil
}

// Serve answers clients that connect to l, on path /, until ctx ends. It then closes l
// and lets its clients leave: calls in flight are answered within
// Options.ShutdownTimeout. Several listeners may be served at once, also with TLS or of
// unix sockets.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if err := s.mayServe(l); err != nil {
		_ = l.Close()
		return fmt.Errorf("serve: %w", err)
	}
	s.setAddr(l.Addr())
	return s.serveHTTP(ctx, l, nil)
}

func (s *Server) serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	if !s.beginServing() {
		_ = l.Close()
		return nil
	}
	defer s.serving.Done()
	via := &listening{}
	if h == nil {
		h = onRoot(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.accept(w, r, via) }))
	}
	via.http = &http.Server{
		Handler:        h,
		ReadTimeout:    10 * time.Second, // bounds a handshake that never ends, or has a body
		WriteTimeout:   10 * time.Second, // neither bounds a WebSocket
		IdleTimeout:    30 * time.Second,
		MaxHeaderBytes: 8 << 10,
		ConnState:      s.countArriving,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stop := make(chan struct{})
	finished := make(chan struct{})
	go func() { // ends with Serve, which waits for it
		defer close(finished)
		select {
		case <-ctx.Done():
		case <-s.closed:
		case <-stop:
		}
		_ = via.http.Close()
		patience, cancel := context.WithTimeout(s.hurry, s.opts.ShutdownTimeout)
		defer cancel()
		s.dismiss(patience, via)
	}()
	err := via.http.Serve(socket.Listener{Listener: l})
	close(stop)
	<-finished
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

// beginServing adds a listener for which Close waits. It reports false if Close has
// begun.
func (s *Server) beginServing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() {
		return false
	}
	s.serving.Add(1)
	return true
}

// countArriving bounds the network connections that have not become WebSockets. Silent
// ones could otherwise take all file descriptors.
func (s *Server) countArriving(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if s.arriving.Add(1) > int64(s.opts.MaxConnections) {
			_ = conn.Close()
		}
	case http.StateHijacked, http.StateClosed:
		s.arriving.Add(-1)
	}
}

// onRoot answers only GET on path /, like the Python package's server.
func onRoot(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/":
			http.Error(w, "404: Not Found", http.StatusNotFound)
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", http.MethodGet)
			http.Error(w, "405: Method Not Allowed", http.StatusMethodNotAllowed)
		case hasLongLine(r.Header):
			http.Error(w, "400: a header line is too long", http.StatusBadRequest)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// maxHeaderLine is the longest line of the header, as in the Python package's server.
// net/http only bounds the whole header.
const maxHeaderLine = 8190

func hasLongLine(h http.Header) bool {
	for name, values := range h {
		for _, v := range values {
			if len(name)+len(": ")+len(v) > maxHeaderLine {
				return true
			}
		}
	}
	return false
}

// ServeHTTP answers one client over a WebSocket, for bots that have an http.ServeMux.
// It does not look at the path. Without a secret, such a server is as open as the mux.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.accept(w, r, nil) }

// Addr returns the address that was bound first, "" before that.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

func (s *Server) setAddr(addr net.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.addr == "" {
		s.addr = addr.String()
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && s.port == 0 {
		s.port = tcp.Port
	}
}
