package lines

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// A Counter counts network connections. Zero is ready for use.
type Counter struct {
	Opened, Closed atomic.Int64
	Failed         atomic.Int64 // attempts, but for those that were given up
}

// A tap opens the connections of one line, and can do to them what networks do.
type tap struct {
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	count *Counter
	lost  chan struct{} // closed when a connection is closed, for the first time
	once  sync.Once     // closes lost

	mu    sync.Mutex // protects the fields below
	conns map[*tapped]struct{}
	shut  chan struct{} // nothing passes until it is closed; nil: all passes
	stops int           // how often it was shut and not let go again
	deaf  bool          // what is shut is only reading
}

func newTap(dial func(ctx context.Context, network, addr string) (net.Conn, error), c *Counter) *tap {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return &tap{dial: dial, count: c, lost: make(chan struct{}), conns: map[*tapped]struct{}{}}
}

// DialContext opens a connection that the tap holds until it is closed.
func (t *tap) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := t.dial(ctx, network, addr)
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) { // that is this end's own doing
			t.count.Failed.Add(1)
		}
		return nil, err
	}
	c := &tapped{Conn: conn, tap: t, closed: make(chan struct{})}
	t.mu.Lock()
	t.conns[c] = struct{}{}
	t.mu.Unlock()
	t.count.Opened.Add(1)
	return c, nil
}

// Cut closes the line's connections without a word to the bot, and returns how many
// there were. Later calls open others.
func (l *Line) Cut() int {
	t := l.tap
	t.mu.Lock()
	conns := make([]*tapped, 0, len(t.conns))
	for c := range t.conns {
		conns = append(conns, c)
	}
	t.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	return len(conns)
}

// Stop lets nothing pass any more, or if deaf, nothing from the bot, until Resume
// was called as often as Stop.
func (l *Line) Stop(deaf bool) {
	t := l.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stops++; t.stops == 1 {
		t.shut, t.deaf = make(chan struct{}), deaf
	}
}

// Resume undoes a Stop.
func (l *Line) Resume() {
	t := l.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stops--; t.stops == 0 {
		close(t.shut)
		t.shut = nil
	}
}

// A tapped connection belongs to a tap.
type tapped struct {
	net.Conn
	tap    *tap
	once   sync.Once
	closed chan struct{}
}

// Lost is closed when a connection of the line is closed, for the first time and by
// whichever end.
func (l *Line) Lost() <-chan struct{} { return l.tap.lost }

// pass waits until the tap lets something pass.
func (c *tapped) pass(writing bool) {
	c.tap.mu.Lock()
	shut := c.tap.shut
	if writing && c.tap.deaf {
		shut = nil
	}
	c.tap.mu.Unlock()
	if shut != nil {
		select {
		case <-shut:
		case <-c.closed:
		}
	}
}

// Read reads what has come when the tap lets it pass.
func (c *tapped) Read(p []byte) (int, error) {
	c.pass(false)
	n, err := c.Conn.Read(p)
	c.pass(false)
	return n, err
}

// Write writes when the tap lets it pass.
func (c *tapped) Write(p []byte) (int, error) {
	c.pass(true)
	return c.Conn.Write(p)
}

// CloseWrite ends what is sent, where the connection can do that.
func (c *tapped) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// Close closes the connection and takes it from its tap.
func (c *tapped) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.tap.mu.Lock()
		delete(c.tap.conns, c)
		c.tap.mu.Unlock()
		c.tap.count.Closed.Add(1)
		c.tap.once.Do(func() { close(c.tap.lost) })
	})
	return c.Conn.Close()
}
