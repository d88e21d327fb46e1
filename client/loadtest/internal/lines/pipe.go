package lines

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

// A pipe is a connection in the Python package's dialect that stays: answers come
// in the order of the requests. A lost one is opened again by the next call.
type pipe struct {
	where   string
	secret  *string
	timeout time.Duration
	dial    func(ctx context.Context) (*transport.Conn, error)

	dialing chan struct{}  // full while a stream is opened, for all who need one
	group   sync.WaitGroup // readers and writers, which end with their streams

	mu     sync.Mutex // protects stream
	stream *stream    // nil after a loss
}

func openPipe(ctx context.Context, target string, o *client.Options) (carrier, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err) // the plan was checked: that cannot be
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

// inWords returns what a client says of a bot that was not reached. It is err if
// the client reaches it.
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
				// the WebSocket library heeds the context's deadline only
				release = context.AfterFunc(ctx, func() { _ = c.Close() })
			}
			return c, err
		},
	})
	release()
	return ws, err
}

// connect returns the stream, opened if there is none. It waits no longer than a
// call may take.
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
	p.stream = s // before its reader may lose it
	p.mu.Unlock()
	p.group.Go(func() { p.read(s) })
	p.group.Go(s.write)
	return s, nil
}

// unconnected is the error of a call for which there is no connection, and why.
func (p *pipe) unconnected(ctx context.Context, err error) error {
	code := wire.Unavailable
	if errors.Is(ctx.Err(), context.Canceled) {
		code = wire.Canceled
	}
	return lostCall(code, fmt.Sprintf("connect to %s: %v", p.where, err), errors.Join(err, ctx.Err()))
}

// A lineError is what a pipe found itself: it is none of the bot's answers.
type lineError []error

func (e *lineError) Error() string { return (*e)[0].Error() }

func (e *lineError) Unwrap() []error { return *e }

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

// over returns the error of a call that waits no longer, with code late if its time
// is up.
func over(ctx context.Context, late wire.Code, what string, causes ...error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return lostCall(wire.Canceled, "the run has ended: "+what, append(causes, ctx.Err())...)
	}
	return lostCall(late, "its time is up: "+what, append(causes, context.DeadlineExceeded)...)
}

// lostCall returns what the pipe itself found of a call.
func lostCall(code wire.Code, why string, causes ...error) error {
	e := append(lineError{wire.Errorf(code, "%s", why)}, causes...)
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
