package conns

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// closeWait is how long a bot may take to answer a Close.
const closeWait = time.Second

// A pipe speaks the Python package's dialect on one connection that stays open. The
// bot answers in the order of the requests. If the connection is lost, the next
// call opens another one.
type pipe struct {
	where   string
	secret  *string
	timeout time.Duration
	dial    func(ctx context.Context) (*transport.Conn, error)

	dialing chan struct{}  // holds one element while a call opens a stream for all calls
	group   sync.WaitGroup // counts the readers and writers, which end with their streams

	mu     sync.Mutex // protects stream
	stream *stream    // nil after the connection was lost
}

func openPipe(ctx context.Context, target string, o *client.Options) (carrier, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err) // cannot happen, because the plan was checked
	}
	where := "ws://" + net.JoinHostPort(cmp.Or(u.Hostname(), "localhost"), cmp.Or(u.Port(), "8765"))
	p := &pipe{where: target, timeout: o.Timeout, dialing: make(chan struct{}, 1)}
	if o.Secret != "" {
		p.secret = &o.Secret
	}
	p.dial = func(ctx context.Context) (*transport.Conn, error) {
		return dialPipe(ctx, where, o.DialContext, o.TLS)
	}
	if _, err := p.connect(ctx); err != nil {
		return nil, inWords(ctx, target, o, err)
	}
	return p, nil
}

// inWords returns the error of a client that dials the same target, because a
// client explains better than err why the bot cannot be reached. It returns err if
// the client reaches the bot.
func inWords(ctx context.Context, target string, o *client.Options, err error) error {
	c, told := client.Dial(ctx, target, o)
	if told != nil {
		return told
	}
	_ = c.Close()
	return err
}

func dialPipe(ctx context.Context, url string, dial func(ctx context.Context, network, addr string) (net.Conn, error), config *tls.Config) (*transport.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	release := func() bool { return true }
	ws, err := transport.Dial(ctx, url, transport.DialOptions{
		MaxMessage: protocol.MaxMessage,
		TLS:        config,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dial(ctx, network, addr)
			if err == nil {
				// the WebSocket library obeys the context's deadline, but not its cancellation
				release = context.AfterFunc(ctx, func() { _ = c.Close() })
			}
			return c, err
		},
	})
	release()
	return ws, err
}

// connect returns the stream, and opens one if there is none. If ctx has no
// deadline, the limit is the time that a call may take.
func (p *pipe) connect(ctx context.Context) (*stream, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.timeout)
		defer cancel()
	}
	select {
	case p.dialing <- struct{}{}:
		defer func() { <-p.dialing }()
	case <-ctx.Done():
		return nil, p.unconnected(ctx, ctx.Err())
	}
	p.mu.Lock()
	s := p.stream
	p.mu.Unlock()
	if s != nil {
		return s, nil
	}
	ws, err := p.dial(ctx)
	if err != nil {
		return nil, p.unconnected(ctx, err)
	}
	s = &stream{ws: ws, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	ws.FlushBy(s.flushSoon)
	p.mu.Lock()
	p.stream = s // before the reader starts, which may set it to nil
	p.mu.Unlock()
	p.group.Go(func() { p.read(s) })
	p.group.Go(s.write)
	return s, nil
}

// unconnected returns the error of a call that got no connection because of err.
func (p *pipe) unconnected(ctx context.Context, err error) error {
	code := wire.Unavailable
	if errors.Is(ctx.Err(), context.Canceled) {
		code = wire.Canceled
	}
	return lostCall(code, fmt.Sprintf("connect to %s: %v", p.where, err), errors.Join(err, ctx.Err()))
}

// A localError is an error that a pipe itself found; the bot did not send it.
type localError []error

func (e *localError) Error() string { return (*e)[0].Error() }

func (e *localError) Unwrap() []error { return *e }

func (p *pipe) call(ctx context.Context, endpoint string, data []byte) error {
	var late <-chan time.Time
	if _, ok := ctx.Deadline(); !ok {
		timer := time.NewTimer(p.timeout)
		defer timer.Stop()
		late = timer.C
	}
	p.mu.Lock()
	s := p.stream
	p.mu.Unlock()
	if s == nil {
		var err error
		if s, err = p.connect(ctx); err != nil {
			return err
		}
	}
	msg := buffer.New()
	defer msg.Free()
	msg.B = protocol.AppendEnvelope(msg.B, endpoint, data, p.secret)
	if len(msg.B) > protocol.MaxMessage {
		return lostCall(wire.TooLarge, fmt.Sprintf("it was not sent: it has %d bytes, the bot takes %d", len(msg.B), protocol.MaxMessage))
	}
	a := &answer{done: make(chan error, 1)}
	for room := s.send(a, msg.B); room != nil; room = s.send(a, msg.B) {
		select {
		case <-room:
			continue
		case <-ctx.Done():
		case <-late:
		}
		return over(ctx, wire.Overloaded, "it was not sent, since the bot does not read")
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
	case <-late:
	}
	return over(ctx, wire.Timeout, "it may have run", client.ErrMayHaveRun)
}

// over returns the error of a call whose context was cancelled, or whose time is
// up. In the latter case the error has code late.
func over(ctx context.Context, late wire.Code, state string, causes ...error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return lostCall(wire.Canceled, "the run has ended: "+state, append(causes, ctx.Err())...)
	}
	return lostCall(late, "its time is up: "+state, append(causes, context.DeadlineExceeded)...)
}

// lostCall returns a localError for a call.
func lostCall(code wire.Code, why string, causes ...error) error {
	e := append(localError{wire.Errorf(code, "%s", why)}, causes...)
	return &e
}

func (p *pipe) close() {
	p.mu.Lock()
	s := p.stream
	p.mu.Unlock()
	if s != nil {
		guard := time.AfterFunc(closeWait, s.ws.Abort)
		defer guard.Stop()
		s.ws.StartClose(transport.CloseNormal, "")
	}
	p.group.Wait()
}
