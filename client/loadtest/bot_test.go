package loadtest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A pythonBot answers as a bot of the Python package does: one request on each
// connection. It has the route "echo", which takes 1 ms, and reports no statistics.
type pythonBot struct {
	conns   chan net.Conn
	ended   chan struct{}
	unknown sync.Map // names of called routes that do not exist

	script func(conn *transport.Conn) // replaces the handling of a connection; returns when the connection is closed
}

// startPython starts a pythonBot and returns a plan that calls it.
func startPython(t *testing.T) (*pythonBot, loadtest.Plan) {
	t.Helper()
	b := &pythonBot{conns: make(chan net.Conn), ended: make(chan struct{})}
	accept := transport.NewAcceptor(transport.AcceptOptions{MaxMessage: protocol.MaxMessage})
	var group sync.WaitGroup
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := accept.Accept(w, r)
		if err != nil {
			return
		}
		group.Go(func() { b.serve(conn) })
	})}
	group.Go(func() { _ = srv.Serve(b) })
	t.Cleanup(func() {
		close(b.ended)
		_ = srv.Close()
		group.Wait()
	})
	return b, loadtest.Plan{
		Target: "ipcx://localhost",
		Client: &client.Options{Secret: secret, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			select {
			case b.conns <- theirs:
				return ours, nil
			case <-b.ended:
				return nil, syscall.ECONNREFUSED
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}},
	}
}

func (b *pythonBot) serve(conn *transport.Conn) {
	defer conn.Abort()
	if b.script != nil {
		b.script(conn)
		return
	}
	buf, _, err := conn.Receive()
	if err != nil {
		return
	}
	var e protocol.Envelope
	if err := e.Parse(buf.B); err != nil {
		return
	}
	answer := []byte(`{"echo": true}`)
	if string(e.Endpoint) != "echo" {
		b.unknown.Store(string(e.Endpoint), true)
		answer = protocol.AppendErrorObject(nil, wire.Errorf(wire.NoRoute, "there is none"))
	}
	time.Sleep(time.Millisecond)
	_ = conn.Send(answer)
	conn.Flush()
	for { // until the client closes the connection
		buf, _, err := conn.Receive()
		if err != nil {
			return
		}
		buf.Free()
	}
}

func (b *pythonBot) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.ended:
		return nil, net.ErrClosed
	}
}

func (b *pythonBot) Close() error   { return nil }
func (b *pythonBot) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// refuse is a DialContext that always fails.
func refuse(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no such bot")
}
