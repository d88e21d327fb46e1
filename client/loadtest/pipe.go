package loadtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
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

	dialing sync.Mutex // held while a stream is opened, for all who need one

	mu     sync.Mutex // protects the fields below
	stream *stream    // nil after a loss
	closed bool
}

// A stream is one connection of a pipe.
type stream struct {
	ws   *transport.Conn
	wake chan struct{} // something was sent
	done chan struct{} // closed when both goroutines have ended
	quit chan struct{} // closed when the reader has ended

	mu      sync.Mutex // protects the fields below, and keeps sending in the order of waiting
	waiting []*answer  // the calls that are under way, in their order
	lost    error      // set by the reader when nothing more is answered
}

// An answer is what a call waits for.
type answer struct{ done chan error } // capacity 1

func openPipe(ctx context.Context, target string, o *client.Options) (line, error) {
	c, err := client.New(target, o) // checks the target and who may have the secret
	if err != nil {
		return nil, err
	}
	_ = c.Close()
	where := strings.TrimPrefix(target, "ipcx:")
	if _, _, err := net.SplitHostPort(strings.Trim(where, "/")); err != nil {
		where = "//" + strings.Trim(where, "/") + ":8765"
	}
	p := &pipe{where: target, timeout: o.Timeout}
	if o.Secret != "" {
		p.secret = &o.Secret
	}
	p.dial = func(ctx context.Context) (*transport.Conn, error) {
		return dialPipe(ctx, "ws:"+where, o.DialContext, o.TLS)
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
		MaxMessage: wire.MaxMessage,
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

// connect returns the stream, opened if there is none.
func (p *pipe) connect(ctx context.Context) (*stream, error) {
	p.dialing.Lock()
	defer p.dialing.Unlock()
	p.mu.Lock()
	s, closed := p.stream, p.closed
	p.mu.Unlock()
	switch {
	case closed:
		return nil, &lineError{wire.Errorf(wire.Unavailable, "the line is closed")}
	case s != nil:
		return s, nil
	}
	ws, err := p.dial(ctx)
	if err != nil {
		return nil, &lineError{wire.Errorf(wire.Unavailable, "connect to %s: %v", p.where, err), err}
	}
	s = &stream{ws: ws, wake: make(chan struct{}, 1), done: make(chan struct{}), quit: make(chan struct{})}
	ws.FlushBy(s.flushSoon)
	go s.write() // ends with the reader
	go p.read(s) // ends with the connection: close waits for both
	p.mu.Lock()
	p.stream = s
	p.mu.Unlock()
	return s, nil
}

// A lineError is what a pipe found itself: it is none of the bot's answers.
type lineError []error

func (e *lineError) Error() string { return (*e)[0].Error() }

func (e *lineError) Unwrap() []error { return *e }

func (p *pipe) call(ctx context.Context, endpoint string, data []byte) error {
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
	msg.B = wire.AppendEnvelope(msg.B, endpoint, data, p.secret)
	a := &answer{done: make(chan error, 1)}
	if err := s.send(a, msg.B); err != nil {
		return err
	}
	timer := time.NewTimer(p.timeout)
	defer timer.Stop()
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		return lostCall(wire.Canceled, "the run has ended: it may have run", ctx.Err())
	case <-timer.C:
		return lostCall(wire.Timeout, "no answer in time: it may have run", context.DeadlineExceeded)
	}
}

func lostCall(code wire.Code, why string, cause error) error {
	return &lineError{wire.Errorf(code, "%s", why), cause}
}

func (s *stream) send(a *answer, text []byte) error {
	s.mu.Lock()
	if s.lost != nil {
		s.mu.Unlock()
		return lostCall(wire.Unavailable, "it was not sent: the connection is lost", s.lost)
	}
	s.waiting = append(s.waiting, a)
	err := s.ws.Send(text)
	s.mu.Unlock()
	if err != nil {
		s.ws.Abort() // the reader ends all calls, this one too
	}
	s.flushSoon()
	return nil
}

func (s *stream) flushSoon() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write is the stream's writer: callers do not write, nor does the reader, since a
// bot that does not read would stop them.
func (s *stream) write() {
	defer close(s.done)
	for {
		select {
		case <-s.wake:
			s.ws.Flush()
		case <-s.quit:
			return
		}
	}
}

// read is the stream's reader.
func (p *pipe) read(s *stream) {
	defer close(s.quit)
	for {
		buf, _, err := s.ws.Receive()
		if err != nil {
			p.lose(s, err)
			return
		}
		_, err = wire.ParseValue(buf.B)
		buf.Free()
		s.mu.Lock()
		if len(s.waiting) == 0 {
			s.mu.Unlock()
			s.ws.Abort()
			p.lose(s, errors.New("the bot has answered what was not asked"))
			return
		}
		a := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		a.done <- err
	}
}

// lose ends the calls of a lost stream.
func (p *pipe) lose(s *stream, err error) {
	p.mu.Lock()
	if p.stream == s {
		p.stream = nil
	}
	p.mu.Unlock()
	s.mu.Lock()
	s.lost = fmt.Errorf("the connection to %s was lost: %w", p.where, err)
	waiting := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	for _, a := range waiting {
		a.done <- lostCall(wire.Interrupted, s.lost.Error()+": it may have run", err)
	}
	s.ws.Abort()
}

func (p *pipe) close() {
	p.mu.Lock()
	s := p.stream
	p.closed = true
	p.mu.Unlock()
	if s == nil {
		return
	}
	guard := time.AfterFunc(closeWait, s.ws.Abort)
	s.ws.StartClose(transport.CloseNormal, "")
	<-s.done
	guard.Stop()
}
