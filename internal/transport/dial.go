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
)

// DialOptions say how a client connects.
type DialOptions struct {
	Subprotocol string // asked for; none if empty
	MaxMessage  int    // bytes; larger messages of the server end the connection
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS         *tls.Config // of wss; nil: the defaults
}

// Dial connects to a ws or wss URL. A server that answers with anything but a
// WebSocket gives a [*StatusError].
func Dial(ctx context.Context, url string, o DialOptions) (*Conn, error) {
	var l *link
	dial := o.DialContext
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
	}
	d := websocket.Dialer{
		ReadBufferSize:  readBuffer,
		WriteBufferPool: new(sync.Pool),
		WriteBufferSize: 4096,
		TLSClientConfig: o.TLS,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			l = &link{Conn: conn}
			return l, nil
		},
	}
	if o.Subprotocol != "" {
		d.Subprotocols = []string{o.Subprotocol}
	}
	ws, resp, err := d.DialContext(ctx, url, nil)
	if err != nil {
		if errors.Is(err, websocket.ErrBadHandshake) && resp != nil {
			_ = resp.Body.Close()
			return nil, &StatusError{Status: resp.StatusCode}
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	return newConn(ws, l, o.MaxMessage), nil
}

// A StatusError is the error of a server that refused to speak WebSocket.
type StatusError struct{ Status int }

// Error returns the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the server did not accept the WebSocket: HTTP %d %s", e.Status, http.StatusText(e.Status))
}
