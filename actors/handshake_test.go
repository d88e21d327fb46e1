package actors_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestClose_duringHandshake closes while clients do not read the answer to their
// handshake. One reads it when it is too late.
func TestClose_duringHandshake(t *testing.T) {
	for _, late := range []time.Duration{0, time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			srv := newServer(t, nil)
			var conns []net.Conn
			for range 3 {
				conn, err := srv.DialContext(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, handshakeText(protocol.Subprotocol))
				conns = append(conns, conn)
			}
			synctest.Wait()
			go func() {
				time.Sleep(late)
				_, _ = io.Copy(io.Discard, conns[0]) // ends with the connection
			}()
			began := time.Now()
			if err := srv.Close(); err != nil || time.Since(began) > 10*time.Second {
				t.Errorf("Close = %v after %v; want nil, soon", err, time.Since(began))
			}
			for _, conn := range conns {
				_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
				if _, err := io.Copy(io.Discard, conn); err != nil && late < time.Hour {
					t.Errorf("a client read %v after Close; want the connection ended", err)
				}
			}
			time.Sleep(2 * time.Hour)
		})
	}
}

// TestServe_endsDuringHandshake ends a listener while a client shakes hands. The client
// must not stay on a server that goes on.
func TestServe_endsDuringHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		beside := newNeighbour(t, srv)
		l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ctx, l) }()
		client, server := net.Pipe()
		defer client.Close()
		l.conns <- server
		_, _ = io.WriteString(client, handshakeText("ipcx"))
		synctest.Wait()
		stop()
		if err := <-served; err != nil {
			t.Errorf("Serve = %v; want nil", err)
		}
		began := time.Now()
		got, _ := io.ReadAll(client)
		if took := time.Since(began); took > 5*time.Second || !strings.Contains(string(got), "\x03\xe9") {
			t.Errorf("behind Serve a client read %q and was ended after %v; want Close 1001", got, took)
		}
		beside.check("behind it")
	})
}

// A pipeListener accepts the connections that a test makes.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// TestRun_everyAddressOfLocalhost connects to all addresses of localhost on this
// machine.
func TestRun_everyAddressOfLocalhost(t *testing.T) {
	ready := make(chan string, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	srv := actors.NewServer(&actors.Options{
		Secret: secret, Addr: "localhost:0", Discovery: "-", Logger: slog.New(slog.DiscardHandler),
		OnReady: func(addr string) { ready <- addr },
	})
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx) }()
	var addr string
	select {
	case addr = <-ready:
	case err := <-ran:
		t.Fatalf("Run failed: %v", err)
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	ips, err := net.LookupIP("localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, ip := range ips {
		conn, err := net.Dial("tcp", net.JoinHostPort(ip.String(), port))
		if err != nil {
			t.Logf("%s: %v", ip, err) // the machine may have no such address
			continue
		}
		p := newPeer(t, conn, protocol.Subprotocol)
		p.shakeHands(secret)
		p.leave()
	}
	stop()
	if err := <-ran; err != nil {
		t.Errorf("Run = %v; want nil", err)
	}
}
