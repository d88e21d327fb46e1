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

// Session returns a stock discordgo session with the right token, attached to
// the fake and not yet open. It asks for all intents; set Identify.Intents to
// see only what your bot would see. The caller closes it, before the server.
//
// In a synctest bubble, call synctest.Wait after Open and before Close:
// discordgo sleeps with its lock held, and a goroutine that waits for a lock
// keeps a bubble's clock from moving.
func (s *Server) Session() (*discordgo.Session, error) {
	d, err := discordgo.New("Bot " + s.opts.Token)
	if err != nil {
		return nil, fmt.Errorf("make a discordgo session: %w", err)
	}
	d.Identify.Intents = discordgo.IntentsAll
	s.Attach(d)
	return d, nil
}

// Attach points a session made elsewhere at the fake, for code under test that
// makes its own. It sets the Dialer and the Client's Transport and leaves the
// token, the intents and the shard alone. Call it before Open.
func (s *Server) Attach(d *discordgo.Session) {
	d.Dialer = &websocket.Dialer{NetDialContext: s.dial, HandshakeTimeout: 45 * time.Second}
	if d.Client == nil {
		d.Client = &http.Client{Timeout: 20 * time.Second}
	}
	d.Client.Transport = s.Transport()
}

// Transport returns a round tripper that has every request, to whatever host,
// answered by the fake. It is for REST clients other than a session, such as
// the HTTP client of a dashboard. No request reaches the network.
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

// dial ignores the address it is given: a session that is attached must not
// reach anything but the fake.
func (s *Server) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.memory != nil {
		return s.memory.dial(ctx)
	}
	var d net.Dialer
	addr := s.listener.Addr()
	return d.DialContext(ctx, addr.Network(), addr.String())
}

// memory is a listener whose connections are pipes. A goroutine that waits on
// a pipe is durably blocked in the sense of testing/synctest, one that waits
// on a socket is not.
type memory struct {
	incoming chan net.Conn // unbuffered: a dial succeeds when it was accepted
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
