package conns

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// A Counter counts network connections. The zero Counter is ready for use.
type Counter struct {
	Opened, Closed atomic.Int64
	Failed         atomic.Int64 // failed attempts to connect, except attempts that the generator cancelled
}

// A tap opens the network connections of one Conn. It can cut them, and can stop
// the bytes in them.
type tap struct {
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	count *Counter
	lost  chan struct{} // closed when the first connection is closed
	once  sync.Once     // closes lost

	mu    sync.Mutex // protects the fields below
	conns map[*tapped]struct{}
	shut  chan struct{} // stops all bytes until it is closed; nil if bytes pass
	stops int           // number of Stops without their Resume
	deaf  bool          // shut stops reading only
}

func newTap(dial func(ctx context.Context, network, addr string) (net.Conn, error), c *Counter) *tap {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return &tap{dial: dial, count: c, lost: make(chan struct{}), conns: map[*tapped]struct{}{}}
}

// DialContext opens a network connection. The tap keeps it in conns until it is
// closed.
func (t *tap) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := t.dial(ctx, network, addr)
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) { // the generator gave up the attempt; the network did not fail
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

// Cut closes the network connections of c, without a close frame to the bot, and
// returns their number. Later calls open new connections.
func (c *Conn) Cut() int {
	t := c.tap
	t.mu.Lock()
	conns := make([]*tapped, 0, len(t.conns))
	for conn := range t.conns {
		conns = append(conns, conn)
	}
	t.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
	}
	return len(conns)
}

// Stop stops the bytes in both directions, or if deaf, only the bytes from the bot.
// They pass again when Resume has been called as often as Stop.
func (c *Conn) Stop(deaf bool) {
	t := c.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stops++; t.stops == 1 {
		t.shut, t.deaf = make(chan struct{}), deaf
	}
}

// Resume undoes a Stop.
func (c *Conn) Resume() {
	t := c.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stops--; t.stops == 0 {
		close(t.shut)
		t.shut = nil
	}
}

// A tapped is a network connection that belongs to a tap.
type tapped struct {
	net.Conn
	tap    *tap
	once   sync.Once
	closed chan struct{}
}

// Lost returns a channel that is closed when the first network connection of c is
// closed, by either end.
func (c *Conn) Lost() <-chan struct{} { return c.tap.lost }

// pass waits until the tap lets bytes pass, or until the connection is closed.
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

// Read reads bytes that have arrived, when the tap lets them pass.
func (c *tapped) Read(p []byte) (int, error) {
	c.pass(false)
	n, err := c.Conn.Read(p)
	c.pass(false)
	return n, err
}

// Write writes p when the tap lets it pass.
func (c *tapped) Write(p []byte) (int, error) {
	c.pass(true)
	return c.Conn.Write(p)
}

// CloseWrite closes the sending side, if the connection can do that. Otherwise it
// closes the connection.
func (c *tapped) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// Close closes the connection and removes it from its tap.
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
