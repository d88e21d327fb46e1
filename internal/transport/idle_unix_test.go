//go:build unix && !aix

package transport

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waits calls f at each wait of c's reader, and tells it whether the reader holds a
// buffer. Call waits before the first Receive.
func waits(t *testing.T, c *Conn) <-chan bool {
	t.Helper()
	if c.frames.in.raw == nil {
		t.Fatalf("%T waits with a buffer", c.frames.Conn)
	}
	holds := make(chan bool, 10)
	onWait(c, func(idle bool) {
		if idle {
			holds <- c.frames.in.buf != nil || c.frames.in.pooled != nil
		}
	})
	return holds
}

// onWait calls f before each wait of c's reader, and tells it whether no message has
// begun to arrive. Call onWait before the first Receive.
func onWait(c *Conn, f func(idle bool)) {
	in := &c.frames.in
	poll := in.poll
	in.poll = func(fd uintptr) bool {
		ready := poll(fd)
		if !ready {
			f(in.into == nil)
		}
		return ready
	}
}

// TestReceive_idle checks that a reader holds no buffer while its peer is silent.
func TestReceive_idle(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			near, far := sockets(t, network)
			client, server := near(), far()
			c := acceptOn(t, server, 100_000)
			holds := waits(t, c)
			ended := make(chan error)
			go func() {
				for range 3 {
					if b, _, err := c.Receive(); err != nil {
						t.Errorf("Receive failed: %v", err)
					} else {
						b.Free()
					}
				}
				_, _, err := c.Receive()
				ended <- err
			}()
			large := appendFrame(nil, make([]byte, 100_000), true)
			for _, said := range []string{
				string(masked(finText, "hello")),
				string(masked(0x89, "?")),
				string(masked(finText, "hello")) + string(masked(0x8A, "")), // a control frame, so the library waits
				string(large),
			} {
				if <-holds {
					t.Errorf("an idle connection holds a buffer")
				}
				if _, err := client.Write([]byte(said)); err != nil {
					t.Fatal(err)
				}
			}
			if <-holds {
				t.Errorf("an idle connection holds a buffer after a large message")
			}
			_ = client.Close()
			if err := <-ended; !Cut(err) {
				t.Errorf("Receive = %v; want an error that says that the peer has hung up", err)
			}
			if in := &c.frames.in; in.buf != nil || in.pooled != nil {
				t.Errorf("a connection that has ended holds a buffer")
			}
		})
	}
}

// TestReceive_wokenForNothing checks that a wake-up without bytes is no end.
func TestReceive_wokenForNothing(t *testing.T) {
	near, far := sockets(t, "tcp")
	client, server := near(), far()
	c := acceptOn(t, server, 1000)
	in := &c.frames.in
	poll, calls := in.poll, 0
	in.poll = func(fd uintptr) bool {
		for range 5 {
			if poll(fd) {
				return true
			}
			if calls++; in.pooled != nil || in.buf != nil {
				t.Errorf("poll without data keeps a buffer")
			}
		}
		// the client speaks after the reader has found nothing
		if _, err := client.Write(masked(finText, "hello")); err != nil {
			t.Error(err)
		}
		return false
	}
	b, text, err := c.Receive()
	if err != nil || !text || string(b.B) != "hello" || calls != 5 {
		t.Errorf("Receive = %v, %v, %v after %d polls without data; want hello after 5", b, text, err, calls)
	}
}

// TestReceive_overHTTP checks that a connection from net/http can be waited for without
// a buffer.
func TestReceive_overHTTP(t *testing.T) {
	acceptor := NewAcceptor(AcceptOptions{MaxMessage: 1000})
	accepted := make(chan *Conn)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := acceptor.Accept(w, r)
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}))
	defer srv.Close()
	go func() {
		client, err := Dial(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http"), DialOptions{MaxMessage: 1000})
		if err != nil {
			t.Error(err)
			close(accepted)
			return
		}
		_ = client.Send([]byte("hello"))
		client.Flush()
		if b, _, err := client.Receive(); err != nil || string(b.B) != "hello yourself" {
			t.Errorf("the client's Receive = %v, %v", b, err)
		}
		client.Abort()
	}()
	c := <-accepted
	if c == nil {
		t.FailNow()
	}
	holds := waits(t, c)
	b, _, err := c.Receive()
	if err != nil || string(b.B) != "hello" {
		t.Fatalf("Receive = %v, %v; want hello", b, err)
	}
	_ = c.Send([]byte("hello yourself"))
	if _, _, err := c.Receive(); !Cut(err) {
		t.Errorf("Receive = %v; want the end", err)
	}
	for range len(holds) {
		if <-holds {
			t.Errorf("an idle connection holds a buffer")
		}
	}
}

// TestReceive_errors compares the errors of a wait without a buffer to those of a Read,
// also on sockets in blocking mode.
func TestReceive_errors(t *testing.T) {
	for _, c := range []struct {
		name   string
		before string // the bytes that have arrived before
		end    func(c *Conn, client net.Conn)
		is     error
		cut    bool
	}{
		{"reset", "", func(_ *Conn, client net.Conn) { _ = client.(*net.TCPConn).SetLinger(0); _ = client.Close() }, syscall.ECONNRESET, true},
		{"reset within a message", "\x81\x85", func(_ *Conn, client net.Conn) { _ = client.(*net.TCPConn).SetLinger(0); _ = client.Close() }, syscall.ECONNRESET, true},
		{"hung up", "", func(_ *Conn, client net.Conn) { _ = client.Close() }, nil, true},
		{"hung up within a header", "\x81", func(_ *Conn, client net.Conn) { _ = client.Close() }, nil, true},
		{"hung up within a message", "\x81\x85....h", func(_ *Conn, client net.Conn) { _ = client.Close() }, nil, true},
		{"aborted here", "", func(c *Conn, _ net.Conn) { c.Abort() }, net.ErrClosed, true},
		{"aborted here within a message", "\x81", func(c *Conn, _ net.Conn) { c.Abort() }, net.ErrClosed, true},
		{"timeout", "", func(c *Conn, _ net.Conn) { _ = c.frames.SetReadDeadline(time.Unix(1, 0)) }, nil, false},
	} {
		both := func(t *testing.T, blocks bool) {
			near, far := sockets(t, "tcp")
			client, server := near(), far()
			conn := acceptOn(t, server, 1000)
			if blocks {
				raw, err := server.(*net.TCPConn).SyscallConn()
				if err == nil {
					err = raw.Control(func(fd uintptr) { err = syscall.SetNonblock(int(fd), false) })
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			waiting := make(chan bool, 10) // for the rest of a message, if one has begun
			onWait(conn, func(idle bool) {
				if idle == (c.before == "") {
					waiting <- true
				}
			})
			if _, err := client.Write([]byte(c.before)); err != nil {
				t.Fatal(err)
			}
			go func() {
				<-waiting
				c.end(conn, client)
			}()
			_, _, err := conn.Receive()
			if Cut(err) != c.cut || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("Receive = %v (%[1]T), cut %v; want %v, cut %v", err, Cut(err), c.is, c.cut)
			}
			if ne, ok := errors.AsType[net.Error](err); !c.cut && !(ok && ne.Timeout()) {
				t.Errorf("Receive = %v; want a timeout", err)
			}
			if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op != "read" || op.Addr == nil || op.Source == nil) {
				t.Errorf("Receive = %v; want the error of a read", err)
			}
		}
		t.Run(c.name, func(t *testing.T) { both(t, false) })
		t.Run(c.name+", socket blocks", func(t *testing.T) { both(t, true) })
	}
}

// A scrambled connection embeds a TCP connection and has a Read of its own.
type scrambled struct{ *net.TCPConn }

func (s scrambled) Read(p []byte) (int, error) {
	n, err := s.TCPConn.Read(p)
	for i := range p[:n] {
		p[i] ^= 0x55
	}
	return n, err
}

func TestReceive_ownRead(t *testing.T) {
	near, far := sockets(t, "tcp")
	client, server := near(), far()
	c := acceptOn(t, scrambled{server.(*net.TCPConn)}, 1000)
	text := masked(finText, "hello")
	for i := range text {
		text[i] ^= 0x55
	}
	if _, err := client.Write(text); err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	if b, _, err := c.Receive(); err != nil || string(b.B) != "hello" {
		t.Errorf("Receive = %v, %v; want hello, read by the connection's own Read", b, err)
	}
}
