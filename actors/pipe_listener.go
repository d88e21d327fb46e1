package actors

import (
	"context"
	"net"
	"sync"
)

// A pipeListener accepts connections of clients in the same process.
type pipeListener struct {
	conns  chan net.Conn
	ended  chan struct{}
	begin  sync.Once
	finish sync.Once
}

func (m *pipeListener) init() { m.conns, m.ended = make(chan net.Conn), make(chan struct{}) }

// Accept waits for DialContext.
func (m *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.ended:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (m *pipeListener) Close() error {
	m.close()
	return nil
}

func (m *pipeListener) close() { m.finish.Do(func() { close(m.ended) }) }

// Addr names the kind of network.
func (m *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "memory" }
func (pipeAddr) String() string  { return "memory" }

// DialContext connects to the server in memory. Pass it as DialContext of
// client.Options. So a bot and its dashboard can start as one process, and split later
// without a change of code. DialContext ignores network and addr.
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	s.pipes.begin.Do(func() {
		go func() { _ = s.serveHTTP(context.Background(), &s.pipes, nil) }() // ends when Close closes the listener
	})
	client, server := net.Pipe()
	select {
	case s.pipes.conns <- server:
		return client, nil
	case <-s.pipes.ended:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
