package conns

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/cogbus/cogbus/client"
)

// A Config describes a Conn.
type Config struct {
	Target string // the bot's address, as for client.New
	Pipe   bool   // use the Python package's dialect, on a connection that stays open; then Target has scheme ipcx
	Client client.Options
	Count  *Counter // counts the network connections; may be nil
}

// A Conn carries calls to the bot. Its methods may be called by any number of
// goroutines at once, except Open and Close.
type Conn struct {
	config Config
	tap    *tap

	mu      sync.Mutex // protects the fields below
	current *use       // nil before Open
}

// A carrier sends calls to the bot: it is a client, or a pipe.
type carrier interface {
	// call calls a route, until ctx is done. If ctx has no deadline, the limit is
	// Options.Timeout. It does not keep data.
	call(ctx context.Context, endpoint string, data []byte) error
	// close closes the carrier and returns when its goroutines have ended. None of
	// its calls may be under way.
	close()
}

// A clientCarrier makes a carrier of a client.
type clientCarrier struct{ *client.Client }

func (c clientCarrier) call(ctx context.Context, endpoint string, data []byte) error {
	_, err := c.Request(ctx, endpoint, json.RawMessage(data))
	return err
}

func (c clientCarrier) close() { _ = c.Close() }

// A use counts the calls that are under way on a carrier.
type use struct {
	carrier
	calls   int
	retired bool          // another carrier has taken its place
	idle    chan struct{} // closed when the carrier is retired and no call is under way
}

// New returns a Conn that is not open yet.
func New(c Config) *Conn {
	if c.Count == nil {
		c.Count = new(Counter)
	}
	return &Conn{config: c, tap: newTap(c.Client.DialContext, c.Count)}
}

// Open connects to the bot. The error wraps a *wire.Error.
func (c *Conn) Open(ctx context.Context) error {
	next, err := c.open(ctx)
	if err != nil {
		return err
	}
	c.set(next)
	return nil
}

func (c *Conn) open(ctx context.Context) (carrier, error) {
	o := c.config.Client
	o.DialContext = c.tap.DialContext
	if c.config.Pipe {
		return openPipe(ctx, c.config.Target, &o)
	}
	bot, err := client.Dial(ctx, c.config.Target, &o)
	if err != nil {
		return nil, err
	}
	return clientCarrier{bot}, nil
}

// Call calls a route, until ctx is done. If ctx has no deadline, the limit is
// Options.Timeout. It does not keep data. The error wraps a *wire.Error; [Local]
// reports whether the bot sent it.
func (c *Conn) Call(ctx context.Context, endpoint string, data []byte) error {
	c.mu.Lock()
	u := c.current
	u.calls++
	c.mu.Unlock()
	err := u.call(ctx, endpoint, data)
	c.mu.Lock()
	defer c.mu.Unlock()
	u.calls--
	u.closeIdleLocked()
	return err
}

// closeIdleLocked closes idle if no call is under way on a retired carrier. The
// caller must hold the Conn's mu, and must call it after it has changed calls or
// retired.
func (u *use) closeIdleLocked() {
	if u.retired && u.calls == 0 {
		close(u.idle)
		u.retired = false // so that idle is closed once
	}
}

// set makes next carry the calls from now on. It returns the carrier before, or nil
// if there was none.
func (c *Conn) set(next carrier) *use {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.current
	c.current = &use{carrier: next}
	if old != nil {
		old.idle = make(chan struct{})
		old.retired = true
		old.closeIdleLocked()
	}
	return old
}

// Replace opens another connection to the bot, which carries all later calls. It
// waits until the calls on the old connection have ended, and closes it.
func (c *Conn) Replace(ctx context.Context) error {
	next, err := c.open(ctx)
	if err != nil {
		return err
	}
	old := c.set(next)
	<-old.idle
	old.close()
	return nil
}

// Close closes the connection and returns when its goroutines have ended. None of
// its calls may be under way. It does nothing if Open has not succeeded.
func (c *Conn) Close() {
	if c.current != nil {
		c.current.close()
	}
}

// Unsent reports whether err, which Call returned, means that the call was never
// sent, so that it cannot have run.
func Unsent(err error) bool {
	return Local(err) && !errors.Is(err, client.ErrMayHaveRun)
}

// Local reports whether this end made err, which Call returned. It is false for an
// answer of the bot, and for nil.
func Local(err error) bool {
	_, local := errors.AsType[*localError](err)
	return local || err != nil && !client.IsAnswer(err)
}
