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
	Subprotocol string // the subprotocol to ask for; empty: none
	MaxMessage  int    // the largest message in bytes; a larger one ends the connection
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS         *tls.Config // for wss; nil: the defaults
}

// Dial connects to a ws or wss URL. If the server answers without a WebSocket, the
// error wraps a [*StatusError]. If ctx ends before Dial returns, Dial cuts the
// connection; later ctx has no effect.
func Dial(ctx context.Context, url string, o DialOptions) (*Conn, error) {
	var l *frameConn
	stop := func() bool { return true }
	// TLS comes below the frameConn, which has to see frames
	wrap := func(conn net.Conn, err error) (net.Conn, error) {
		if err != nil {
			return nil, err
		}
		l = newFrameConn(conn, true)
		stop = context.AfterFunc(ctx, l.abort) // the library heeds the deadline of ctx only
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
		TLSClientConfig: o.TLS, // the library names a protocol in it that a server must not choose
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return wrap(dial(ctx, network, addr))
		},
		NetDialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return wrap(dialTLS(ctx, dial, network, addr, o.TLS))
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
		err = context.Cause(ctx) // the error of a reader that was cut tells nothing
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
	socket.Unblock(conn) // otherwise ctx could not end the handshake
	config = config.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr) // addr always has a port
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
