package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/socket"
	"github.com/cogbus/cogbus/wire"
)

// A listening is one listener that is served, and how.
type listening struct {
	http *http.Server
	over bool // it is not served any more; protected by the server's mu
}

// Run listens on Options.Addr and Options.Discovery and answers clients until
// ctx is done; then it shuts the server down as Close does and returns nil. It
// is ready, and says so, when all ports are bound. A port that is taken is an
// error; only a taken discovery port of another bot is a warning. However Run
// ends, the server is closed then: it runs once.
func (s *Server) Run(ctx context.Context) error {
	if s.isClosed() {
		return fmt.Errorf("run: %w", ErrClosed)
	}
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("run: the server runs already")
	}
	main, err := listenAll(ctx, s.opts.Addr)
	if err != nil {
		_ = s.Close()
		return fmt.Errorf("run: %w", err)
	}
	if err := s.mayServe(main[0]); err != nil {
		closeAll(main)
		_ = s.Close()
		return fmt.Errorf("run: %w", err)
	}
	s.setAddr(main[0].Addr())
	var lookup []net.Listener
	if s.opts.Discovery != "-" {
		if lookup, err = listenAll(ctx, s.opts.Discovery); err != nil {
			s.log.Warn("no discovery: another bot may have the port", "addr", s.opts.Discovery, "err", err)
		}
	}
	s.log.Info("serving", "addr", s.Addr(), "discovery", addrs(lookup))
	if s.opts.OnReady != nil {
		if err := instance.Protect(func() error { s.opts.OnReady(s.Addr()); return nil }); err != nil {
			closeAll(main)
			closeAll(lookup)
			_ = s.Close()
			return fmt.Errorf("run: Options.OnReady: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(main)+len(lookup))
	for _, l := range main {
		go func() { ended <- s.Serve(ctx, l) }() // ends with ctx; waited for below
	}
	for _, l := range lookup {
		go func() { ended <- s.serveHTTP(ctx, l, onRoot(s.Discovery())) }() // likewise
	}
	var errs []error
	for range cap(ended) {
		errs = append(errs, <-ended)
		cancel() // one listener that breaks ends them all
	}
	return errors.Join(errors.Join(errs...), s.Close())
}

// listenAll binds every address that the host resolves to, as the Python
// package does for localhost.
func listenAll(ctx context.Context, addr string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	first, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	list := []net.Listener{first}
	at := first.Addr().(*net.TCPAddr)
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil || net.ParseIP(host) != nil {
		return list, nil // it was bound: there is nothing to add
	}
	for _, ip := range ips {
		if ip.IP.Equal(at.IP) {
			continue
		}
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(ip.String(), cmp.Or(realPort(port), fmt.Sprint(at.Port))))
		if err == nil {
			list = append(list, l)
		} else if errors.Is(err, syscall.EADDRINUSE) {
			closeAll(list)
			return nil, err
		} // else: the machine has no such address
	}
	return list, nil
}

func realPort(port string) string {
	if port == "0" {
		return ""
	}
	return port
}

func closeAll(list []net.Listener) {
	for _, l := range list {
		_ = l.Close()
	}
}

func addrs(list []net.Listener) []string {
	var texts []string
	for _, l := range list {
		texts = append(texts, l.Addr().String())
	}
	return texts
}

// mayServe refuses to let everybody on the machine, or beyond, call everything.
func (s *Server) mayServe(l net.Listener) error {
	if _, tcp := l.Addr().(*net.TCPAddr); tcp && len(s.desk.Keys) == 0 && !s.opts.Insecure {
		return errors.New("a server without a secret does not listen on TCP: set Options.Secret, or Options.Insecure if anybody may call")
	}
	return nil
}

// Serve answers clients that connect to l, on path /, until ctx is done. It then
// closes l and lets the clients that came by it leave: calls in flight are
// answered within Options.ShutdownTimeout. Several listeners, with TLS or of
// unix sockets too, may be served at once.
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
		ReadTimeout:    10 * time.Second, // a handshake that never ends, or has a body
		WriteTimeout:   10 * time.Second, // neither counts any more once it is a WebSocket
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
		s.dismiss(via, "the server is shutting down")
	}()
	err := via.http.Serve(socket.Listener{Listener: l})
	close(stop)
	<-finished
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

// beginServing has Close wait for serving.Done. It reports false if Close has begun.
func (s *Server) beginServing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() {
		return false
	}
	s.serving.Add(1)
	return true
}

// countArriving bounds the network connections that have not become WebSockets:
// those that never say anything would take all there are.
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

// onRoot answers for path / and GET alone, as the Python package's server does.
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

// maxHeaderLine is how long a line of the header may be, as in the Python
// package's server. net/http bounds the whole header alone.
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

// ServeHTTP answers one client over a WebSocket, for bots that have an
// http.ServeMux. It does not look at the path. Mounted there, a server without a
// secret is as open as that mux.
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

// dismiss lets the clients that came by via, or all if via is nil, leave: new
// calls are refused, those in flight are answered, then the connections close.
func (s *Server) dismiss(via *listening, reason string) {
	if via != nil {
		s.mu.Lock()
		via.over = true
		s.mu.Unlock()
	}
	for _, c := range s.clients(via) {
		c.End(&wire.Error{Code: wire.Unavailable, Message: reason})
		s.system.Root.Send(c.pid, &goAway{reason})
	}
	s.waitFor(s.opts.ShutdownTimeout, func() bool {
		for _, c := range s.clients(via) {
			if c.InFlight() > 0 {
				return false
			}
		}
		return true
	})
	for _, c := range s.clients(via) {
		s.system.Root.Send(c.pid, &shut{closeGoingAway, reason})
	}
	s.waitFor(closeTimeout+time.Second, func() bool { return len(s.clients(via)) == 0 })
}

// waitFor waits until done reports true, for at most limit.
func (s *Server) waitFor(limit time.Duration, done func() bool) {
	deadline := time.Now().Add(limit)
	for wait := time.Millisecond; !done() && time.Now().Before(deadline); wait = min(2*wait, 20*time.Millisecond) {
		time.Sleep(wait)
	}
}

// Close lets every client leave as Serve does, unloads the cogs, last loaded
// first, and ends the server. It returns when all that can end has ended, also
// if it was called before.
func (s *Server) Close() error {
	if !s.closing.CompareAndSwap(false, true) {
		<-s.finished
		return nil
	}
	defer close(s.finished)
	s.mu.Lock() // a listener is served before this, or not at all
	close(s.closed)
	s.mu.Unlock()
	s.memory.close()
	s.dismiss(nil, "the server is shutting down")
	s.waitFor(closeTimeout, s.isEmpty)
	reply := make(chan []*loaded, 1)
	s.system.Root.Send(s.actor, &sealCogs{reply})
	list := <-reply
	for _, l := range slices.Backward(list) {
		_, _ = s.ask(context.Background(), &order{what: unload, name: l.name}) // it can only be gone already
	}
	s.router.End(&wire.Error{Code: wire.Unavailable, Message: "the server is closed"})
	s.transitions.Wait()
	s.desk.Close()
	s.acceptor.Close()
	_ = s.system.Root.StopFuture(s.actor).Wait()
	close(s.ended)
	s.serving.Wait()
	s.router.Pool.Close()
	return nil
}
