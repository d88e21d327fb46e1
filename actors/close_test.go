package actors_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/wire/protocol"
)

// TestClose_waitsForListeners ends Serve and closes the server while its client leaves. When
// Close has returned, Serve has returned too.
func TestClose_waitsForListeners(t *testing.T) {
	for after := range 20 {
		synctest.Test(t, func(t *testing.T) {
			srv := newServer(t, nil)
			l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
			served := make(chan struct{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				defer close(served)
				_ = srv.Serve(ctx, l)
			}()
			p := newPeer(t, l.dial(), protocol.Subprotocol)
			p.shakeHands(secret)
			go func() {
				time.Sleep(time.Duration(after) * 700 * time.Microsecond)
				p.leave()
			}()
			cancel() // Serve begins to look whether its clients have left, and Close a moment later
			time.Sleep(300 * time.Microsecond)
			_ = srv.Close()
			synctest.Wait()
			select {
			case <-served:
			default:
				t.Errorf("Serve goes on after Close, whose client has left %d × 0.7 ms after it began; want it ended", after)
				<-served
			}
		})
	}
}

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// Accept waits for dial.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr is that of a unix socket without a name.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }
