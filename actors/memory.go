package actors

import (
	"context"
	"net"
	"sync"
)

// memory is a listener whose clients are in the same process.
type memory struct {
	conns  chan net.Conn
	ended  chan struct{}
	begin  sync.Once
	finish sync.Once
}

func (m *memory) init() { m.conns, m.ended = make(chan net.Conn), make(chan struct{}) }

// Accept waits for DialContext.
func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.ended:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (m *memory) Close() error {
	m.close()
	return nil
}

func (m *memory) close() { m.finish.Do(func() { close(m.ended) }) }

// Addr names the kind of network.
func (m *memory) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

// DialContext connects to the server in memory. Pass it as DialContext of
// client.Options: a bot and its dashboard can start as one process, and split
// later without a change of code. It does not look at network and addr.
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	s.memory.begin.Do(func() {
		go func() { _ = s.serveHTTP(context.Background(), &s.memory, nil) }() // ends by Close
	})
	client, server := net.Pipe()
	select {
	case s.memory.conns <- server:
		return client, nil
	case <-s.memory.ended:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
