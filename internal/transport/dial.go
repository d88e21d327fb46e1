package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cogbus/cogbus/internal/socket"
)

// DialOptions say how a client connects.
type DialOptions struct {
	Subprotocol string // asked for; none if empty
	MaxMessage  int    // bytes; larger messages of the server end the connection
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS         *tls.Config // of wss; nil: the defaults
}

// Dial connects to a ws or wss URL. A server that answers with anything but a
// WebSocket gives a [*StatusError]. When ctx is done before Dial returns, the
// connection is cut; later ctx means nothing.
func Dial(ctx context.Context, url string, o DialOptions) (*Conn, error) {
	var l *link
	stop := func() bool { return true }
	// TLS comes below the link, which has to see frames
	join := func(conn net.Conn, err error) (net.Conn, error) {
		if err != nil {
			return nil, err
		}
		l = newLink(conn, true)
		stop = context.AfterFunc(ctx, l.abort) // the library heeds its deadline only
		return l, nil
	}
	dial := o.DialContext
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
	}
	d := websocket.Dialer{
		ReadBufferSize:  libraryBuffer,
		WriteBufferPool: new(sync.Pool),
		WriteBufferSize: 4096,
		TLSClientConfig: o.TLS, // names the protocols that a server must not choose
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return join(dial(ctx, network, addr))
		},
		NetDialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return join(dialTLS(ctx, dial, network, addr, o.TLS))
		},
	}
	if o.Subprotocol != "" {
		d.Subprotocols = []string{o.Subprotocol}
	}
	ws, resp, err := d.DialContext(ctx, url, nil)
	cut := !stop()
	if err == nil && !cut {
		l.in.part = frames
		return newConn(ws, l, o.MaxMessage), nil
	}
	if l != nil {
		l.in.drop()
	}
	if errors.Is(err, websocket.ErrBadHandshake) && resp != nil {
		_ = resp.Body.Close()
		return nil, &StatusError{Status: resp.StatusCode}
	}
	if cut {
		err = context.Cause(ctx) // what the cut looked like to the reader says nothing
	}
	return nil, fmt.Errorf("connect: %w", err)
}

// dialTLS opens a TLS connection.
func dialTLS(ctx context.Context, dial func(ctx context.Context, network, addr string) (net.Conn, error), network, addr string, config *tls.Config) (net.Conn, error) {
	conn, err := dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if config == nil {
		config = &tls.Config{}
	}
	socket.Unblock(conn) // the handshake would not end with ctx
	config = config.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr) // the URL has a port: an address always does
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// A StatusError is the error of a server that refused to speak WebSocket.
type StatusError struct{ Status int }

// Error returns the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the server did not accept the WebSocket: HTTP %d %s", e.Status, http.StatusText(e.Status))
}
