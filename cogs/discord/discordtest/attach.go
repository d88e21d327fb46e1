package discordtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"
)

// Session returns a stock discordgo session with the fake's token. The session is attached
// to the fake and not yet open. It asks for all intents; set Identify.Intents to get only
// the events that your bot would get. The caller owns the session, and closes it before the
// server. Several goroutines may call Session at once.
//
// In a synctest bubble, call synctest.Wait after Open and before Close. The reason:
// discordgo sleeps while it holds its lock, and a goroutine that waits for a lock stops the
// clock of a bubble.
func (s *Server) Session() (*discordgo.Session, error) {
	d, err := discordgo.New("Bot " + s.opts.Token)
	if err != nil {
		return nil, fmt.Errorf("make a discordgo session: %w", err)
	}
	d.Identify.Intents = discordgo.IntentsAll
	s.Attach(d)
	return d, nil
}

// Attach connects a session to the fake that other code has made, such as the code under
// test. Call it before Open. It sets the session's Dialer, and the Transport of its Client,
// and does not change the token, the intents and the shard.
func (s *Server) Attach(d *discordgo.Session) {
	d.Dialer = &websocket.Dialer{NetDialContext: s.dial, HandshakeTimeout: 45 * time.Second}
	if d.Client == nil {
		d.Client = &http.Client{Timeout: 20 * time.Second}
	}
	d.Client.Transport = s.Transport()
}

// Transport returns a round tripper with which the fake answers every request, to any host.
// It is for REST clients that are no session, such as the HTTP client of a dashboard. No
// request reaches the network. Several goroutines may use it at once.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ s *Server }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	t.s.mu.Lock()
	closed := t.s.closed
	t.s.mu.Unlock()
	if closed {
		return nil, errors.New("discordtest: the server is closed")
	}
	a := t.s.answer(r)
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		Body:          io.NopCloser(bytes.NewReader(a.body)),
		ContentLength: int64(len(a.body)),
		Request:       r,
	}, nil
}

// dial ignores the address: an attached session must not reach any server but the fake.
func (s *Server) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.memory != nil {
		return s.memory.dial(ctx)
	}
	var d net.Dialer
	addr := s.listener.Addr()
	return d.DialContext(ctx, addr.Network(), addr.String())
}

// memory is a listener whose connections are pipes. A goroutine that waits on a pipe is
// durably blocked in the sense of testing/synctest; a goroutine that waits on a socket is
// not.
type memory struct {
	incoming chan net.Conn // unbuffered, so that a dial succeeds only when Accept has taken it
	done     chan struct{}
}

func newMemory() *memory {
	return &memory{incoming: make(chan net.Conn), done: make(chan struct{})}
}

func (m *memory) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	var err error
	select {
	case m.incoming <- server:
		return client, nil
	case <-m.done:
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	client.Close()
	server.Close()
	return nil, fmt.Errorf("dial the fake gateway: %w", err)
}

// Accept implements [net.Listener].
func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.incoming:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener]. The HTTP server calls it exactly once.
func (m *memory) Close() error {
	close(m.done)
	return nil
}

// Addr implements [net.Listener].
func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "discordtest", Net: "memory"} }
