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

// Options say how a client connects and waits. A nil *Options is a zero one.
type Options struct {
	// Secret is what the bot was started with. If empty, the client has none; a
	// bot of the Python package is then sent null, as its own client does. To a
	// ws, wss or unix target the secret itself is never sent: each end proves
	// that it knows it.
	Secret string

	// AllowCleartextSecret lets ipcx and discover targets, whose protocol sends
	// the secret in clear, be other hosts than this one. If false, New refuses
	// them.
	AllowCleartextSecret bool

	// DialContext opens network connections: network is "tcp" or "unix". It must
	// return when ctx is done; the client closes what it returns. If nil, a net.Dialer does it. A server in the
	// same process offers one that needs no network.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// TLS is the configuration for wss targets. If nil, Go's defaults hold.
	TLS *tls.Config

	// Name is told to the bot, whose handlers see it as cogs.Info.Client, without what
	// is not printed and up to 64 bytes. It proves nothing. Targets that speak the Python
	// package's dialect are not told.
	Name string

	// Timeout bounds a call whose context has no deadline. If zero or negative,
	// it is 30 s.
	Timeout time.Duration

	// Logger is told of connections that are made and lost. If nil, it is
	// slog.Default(). Neither secrets nor data of calls are logged.
	Logger *slog.Logger
}

// ErrClosed is in the tree of the error of each call that Close ended, or that
// came after it.
var ErrClosed = errors.New("the client is closed")

// A Client calls the routes of one bot. Its methods and Call may be used by any
// number of goroutines at once.
type Client struct {
	timeout time.Duration
	life    *lifetime
	dialect dialect
}

// A dialect gets calls to a bot and their replies back.
type dialect interface {
	// connect reports whether the bot can be reached now.
	connect(ctx context.Context) error
	// roundTrip sends one call, whose data it frees, and waits for its reply. The
	// error has a *wire.Error in its tree.
	roundTrip(r request) (reply, error)
	// close ends the calls that are in flight, and all connections.
	close()
}

// A reply is the result of a call.
type reply struct {
	buf  *buffer.Buffer // holds text; to be freed by the receiver
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
// It does not connect: the first call does. The error says what is wrong with
// target or o. The client must be closed.
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
		c.dialect = newOneshot(d, c.life)
	} else {
		c.dialect = newRedialer(d, c.life)
	}
	return c, nil
}

// Dial returns a client, like [New], that has reached the bot within ctx. To an
// ipcx target it makes a connection and ends it; a wrong secret shows at the
// first call there.
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

// Close ends the client. Calls in flight fail with code canceled, those that wait
// for a connection with unavailable, and later ones too; [ErrClosed] is in the tree of
// all these errors. It returns when the client's goroutines have ended, which
// takes at most a few seconds with a peer that does not answer. The error is
// always nil; further calls do nothing.
func (c *Client) Close() error {
	c.life.end()
	c.dialect.close()
	c.life.wg.Wait()
	return nil
}

// A lifetime lasts until the client is closed and owns the goroutines that the
// client starts.
type lifetime struct {
	ctx  context.Context // done when the client is closed
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex // protects closed
	closed bool       // nothing starts any more: Close waits for wg
}

func newLifetime() *lifetime {
	l := &lifetime{}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// spawn runs f on a goroutine that Close waits for, or reports that the client
// is closed.
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

// bound returns ctx that also ends with the client.
func (l *lifetime) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
