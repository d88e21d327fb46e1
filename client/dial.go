package client

import (
	"context"
	"net"
	"time"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire/protocol"
)

// connectTimeout bounds an attempt to connect, handshake included, where no call
// has an earlier deadline.
const connectTimeout = 10 * time.Second

// closeWait is how long a peer may take to answer a Close.
const closeWait = time.Second

// A dialer opens connections to a target.
type dialer struct {
	target  target
	options Options // with a Logger
}

// open connects to t. Until release is called the connection is cut when ctx is
// done; release reports whether that has not happened. The error is a
// *callError.
func (d *dialer) open(ctx context.Context, t target, subprotocol string) (conn *transport.Conn, release func() bool, err error) {
	dial := d.options.DialContext
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
	}
	release = func() bool { return true }
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
				release = context.AfterFunc(ctx, func() { _ = c.Close() })
			}
			return c, err
		},
	})
	if err != nil {
		release()
		if ctx.Err() != nil {
			// what the cut looked like to the reader says nothing
			err = context.Cause(ctx)
		}
		return nil, nil, connectError(t.where(), err)
	}
	return conn, release, nil
}
