package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/cogbus/cogbus/internal/instance"
)

// Run listens on Options.Addr and Options.Discovery and answers clients until ctx ends.
// Then it shuts the server down like Close and returns nil. When all ports are bound,
// it is ready, and calls OnReady. If a port is taken, Run fails, except for the
// discovery port, which another bot may have: then Run logs a warning. Run always
// closes the server, so a server runs once.
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
		cancel() // one broken listener ends them all
	}
	return errors.Join(errors.Join(errs...), s.Close())
}

// listenAll binds every address of the host, like the Python package for localhost.
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
		return list, nil // there is one address, and it is bound
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
		} // otherwise the machine has no such address
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
