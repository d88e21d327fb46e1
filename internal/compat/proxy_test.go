package compat

import (
	"io"
	"net"
	"sync"
)

// A proxy stands between a client and a server. It counts connections. When it stops, they
// end as the connections of a killed process do.
type proxy struct {
	ln net.Listener
	wg sync.WaitGroup

	mu    sync.Mutex // protects conns and n
	conns []net.Conn // nil after stop
	n     int
}

// startProxy passes connections on to the server at to. It listens on the same host. So a
// client that looks up the port by discovery reaches the server itself.
func startProxy(to string) (*proxy, error) {
	host, _, _ := net.SplitHostPort(to)
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, err
	}
	p := &proxy{ln: ln, conns: []net.Conn{}}
	p.wg.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return // stop has closed the listener
			}
			out, err := net.Dial("tcp", to)
			if err != nil || !p.add(in, out) {
				in.Close()
				continue
			}
			p.wg.Go(func() { pass(in, out) })
			p.wg.Go(func() { pass(out, in) })
		}
	})
	return p, nil
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		return false
	}
	p.n++
	p.conns = append(p.conns, conns...)
	return true
}

// pass copies one direction of a connection, and then ends both.
func pass(from, to net.Conn) {
	_, _ = io.Copy(to, from)
	from.Close()
	to.Close()
}

func (p *proxy) addr() string { return p.ln.Addr().String() }

// count returns the number of connections so far.
func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

func (p *proxy) stop() {
	p.ln.Close()
	p.mu.Lock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.wg.Wait()
}
