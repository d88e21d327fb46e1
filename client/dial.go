package client

import (
	"context"
	"net"
	"time"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire/protocol"
)

// connectTimeout bounds an attempt to connect, with its handshake, unless a call has an
// earlier deadline.
const connectTimeout = 10 * time.Second

// closeWait is the time in which a peer must answer a Close.
const closeWait = time.Second

// A dialer opens connections to a target.
type dialer struct {
	target  target
	options Options // Logger is not nil
}

// open connects to t. If ctx ends before detach is called, the connection is cut;
// detach reports whether it was not. The error is a *callError.
func (d *dialer) open(ctx context.Context, t target, subprotocol string) (conn *transport.Conn, detach func() bool, err error) {
	dial := d.options.DialContext
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
	}
	detach = func() bool { return true }
	conn, err = transport.Dial(ctx, t.url(), transport.DialOptions{
		Subprotocol: subprotocol,
		MaxMessage:  protocol.MaxMessage,
		TLS:         d.options.TLS,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if t.scheme == "unix" {
				network, addr = "unix", t.path
			}
			c, err := dial(ctx, network, addr)
			if err == nil {
				// the WebSocket library heeds the context's deadline only
				detach = context.AfterFunc(ctx, func() { _ = c.Close() })
			}
			return c, err
		},
	})
	if err != nil {
		detach()
		if ctx.Err() != nil {
			// the error of a reader that was cut tells nothing
			err = context.Cause(ctx)
		}
		return nil, nil, connectError(t.where(), err)
	}
	return conn, detach, nil
}
