package client

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
)

// Options are the options of a client. A nil *Options is a zero one.
type Options struct {
	// Secret is the secret with which the bot was started. If empty, the client has
	// none; a bot of the Python package then gets null, as from its own client. To a
	// ws, wss or unix target the secret itself is never sent: each end proves that it
	// knows it.
	Secret string

	// AllowCleartextSecret allows ipcx and discover targets on other hosts. Their
	// protocol sends the secret in clear. If false, New refuses them.
	AllowCleartextSecret bool

	// DialContext opens network connections; network is "tcp" or "unix". It must return
	// when ctx is done. The client closes the connections. If nil, a net.Dialer opens
	// them. A server in the same process offers a DialContext that needs no network.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// TLS is the configuration for wss targets. If nil, Go's defaults.
	TLS *tls.Config

	// Name is a name for this client in the bot's log. If empty, it has none.
	Name string

	// Timeout bounds a call if its context has no deadline. If zero or negative, 30 s.
	Timeout time.Duration

	// WaitForBot lets Dial and calls wait for a bot that is not there yet, each until its
	// own deadline, as calls do after a connection was lost. If false, they fail at once
	// until the first connection was made. To ipcx and discover targets each call makes
	// a connection, and fails at once in any case.
	WaitForBot bool

	// OnState, if set, is called when a connection is made, and when it takes no more
	// calls: for one state after the other, on a goroutine of its own. If it is slow,
	// it is told of the newest state only. Close waits for it, for at most a second.
	// For ipcx and discover targets it is never called.
	OnState func(State)

	// Logger logs connections that are made and lost. If nil, slog.Default(). The
	// client never logs secrets or data of calls.
	Logger *slog.Logger
}

// ErrClosed is in the tree of the error of each call that Close ended, or that was made
// after Close.
var ErrClosed = errors.New("the client is closed")

// A Client calls the routes of one bot. Its methods and Call may be used by any
// number of goroutines at once.
type Client struct {
	timeout time.Duration
	life    *lifetime
	dialect dialect
}

// A dialect carries calls to a bot and brings their replies back.
type dialect interface {
	// connect reports whether the bot can be reached now.
	connect(ctx context.Context) error
	// roundTrip sends one call and waits for its reply. It frees the call's data. The
	// error has a *wire.Error in its tree.
	roundTrip(r request) (reply, error)
	// close ends the calls that are in flight, and all connections.
	close()
}

// A reply is the result of a call.
type reply struct {
	buf  *buffer.Buffer // the memory of text, which the receiver frees
	text []byte         // JSON
}

// New returns a client of the bot at target:
//
//	ws://host:port      cogbus.v1; port 8765 if none is given
//	wss://host:port     the same over TLS; port 443 if none is given
//	unix:///path        the same over a Unix socket
//	ipcx://host:port    the Python package's protocol; port 8765 if none is given
//	discover://host     the same, after asking port 20000 for the bot's port
//
// It does not connect: the first call does. If target or o is invalid, the error says
// why. The client must be closed.
func New(target string, o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	t, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	if err := t.mayCarry(o); err != nil {
		return nil, err
	}
	d := dialer{target: t, options: *o}
	if d.options.Logger == nil {
		d.options.Logger = slog.Default()
	}
	c := &Client{timeout: o.Timeout, life: newLifetime()}
	if c.timeout <= 0 {
		c.timeout = 30 * time.Second
	}
	if t.speaksIPCX() {
		c.dialect = newIPCX(d, c.life)
	} else {
		c.dialect = newRedialer(d, c.life)
	}
	return c, nil
}

// Dial returns a client, like [New], that has reached the bot within ctx. To an ipcx
// target it makes a connection and ends it, so only the first call finds a wrong
// secret.
func Dial(ctx context.Context, target string, o *Options) (*Client, error) {
	c, err := New(target, o)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		err = notTried(ctx, target)
	} else {
		err = c.dialect.connect(ctx)
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the client. Calls in flight fail with code canceled. Calls that wait for a
// connection, and later ones, fail with unavailable. [ErrClosed] is in the tree of all
// these errors. Close returns when the client's goroutines have ended, which takes at
// most a few seconds with a peer that does not answer. The error is always nil; further
// calls do nothing.
func (c *Client) Close() error {
	c.life.end()
	c.dialect.close()
	c.life.wg.Wait()
	return nil
}

// A lifetime lasts until the client is closed, and owns the client's goroutines.
type lifetime struct {
	ctx  context.Context // done when the client is closed
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex // protects closed
	closed bool       // no goroutine starts any more, since Close waits for wg
}

func newLifetime() *lifetime {
	l := &lifetime{}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// spawn runs f on a goroutine for which Close waits. It reports false if the client is
// closed.
func (l *lifetime) spawn(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.wg.Go(f)
	return true
}

func (l *lifetime) end() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.stop()
}

// bound returns a context that ends with ctx, or with the client.
func (l *lifetime) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
