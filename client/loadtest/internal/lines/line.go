package lines

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/cogbus/cogbus/client"
)

// A Config says what lines are.
type Config struct {
	Target string // as for client.New
	Pipe   bool   // in the Python package's dialect, on a connection that stays; Target has scheme ipcx then
	Client client.Options
	Count  *Counter // of all connections; may be nil
}

// A Line carries calls to the bot. Its methods may be called by any number of
// goroutines, but for Open and Close.
type Line struct {
	config Config
	tap    *tap

	mu      sync.Mutex // protects the fields below
	current *use       // nil before Open
}

// A carrier is a client of the bot, or like one.
type carrier interface {
	// call calls a route, until ctx is done, or within Options.Timeout if ctx has
	// no deadline. It does not keep data.
	call(ctx context.Context, endpoint string, data []byte) error
	// close ends it when none of its calls is under way, and returns when its
	// goroutines have ended.
	close()
}

// A clientCarrier is a client of its own.
type clientCarrier struct{ *client.Client }

func (c clientCarrier) call(ctx context.Context, endpoint string, data []byte) error {
	_, err := c.Request(ctx, endpoint, json.RawMessage(data))
	return err
}

func (c clientCarrier) close() { _ = c.Close() }

// A use counts the calls that a carrier has.
type use struct {
	carrier
	calls   int
	retired bool
	idle    chan struct{} // closed when retired and without calls
}

// New returns a line that is to be opened.
func New(c Config) *Line {
	if c.Count == nil {
		c.Count = new(Counter)
	}
	return &Line{config: c, tap: newTap(c.Client.DialContext, c.Count)}
}

// Open connects to the bot. The error has a *wire.Error in its tree.
func (l *Line) Open(ctx context.Context) error {
	c, err := l.open(ctx)
	if err != nil {
		return err
	}
	l.set(c)
	return nil
}

func (l *Line) open(ctx context.Context) (carrier, error) {
	o := l.config.Client
	o.DialContext = l.tap.DialContext
	if l.config.Pipe {
		return openPipe(ctx, l.config.Target, &o)
	}
	c, err := client.Dial(ctx, l.config.Target, &o)
	if err != nil {
		return nil, err
	}
	return clientCarrier{c}, nil
}

// Call calls a route, until ctx is done, or within Options.Timeout if ctx has no
// deadline. It does not keep data. The error has a *wire.Error in its tree; [Own]
// tells whose it is.
func (l *Line) Call(ctx context.Context, endpoint string, data []byte) error {
	l.mu.Lock()
	u := l.current
	u.calls++
	l.mu.Unlock()
	err := u.call(ctx, endpoint, data)
	l.mu.Lock()
	defer l.mu.Unlock()
	u.calls--
	u.settle()
	return err
}

// settle is called when calls or retired has changed, by who holds the line's mu.
func (u *use) settle() {
	if u.retired && u.calls == 0 {
		close(u.idle)
		u.retired = false // once
	}
}

// set makes c carry calls from now on, and returns what did before, or nil if
// nothing did.
func (l *Line) set(c carrier) *use {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.current
	l.current = &use{carrier: c}
	if old != nil {
		old.idle = make(chan struct{})
		old.retired = true
		old.settle()
	}
	return old
}

// Replace connects to the bot anew. The connection before is closed when its calls
// are answered, for which Replace waits.
func (l *Line) Replace(ctx context.Context) error {
	next, err := l.open(ctx)
	if err != nil {
		return err
	}
	old := l.set(next)
	<-old.idle
	old.close()
	return nil
}

// Close ends the line, which may not have opened, when none of its calls is under
// way. It returns when its goroutines have ended.
func (l *Line) Close() {
	if l.current != nil {
		l.current.close()
	}
}

// Unsent reports whether err, of Call, is that of a call which no connection was
// given, so that it has certainly not run.
func Unsent(err error) bool {
	return Own(err) && !errors.Is(err, client.ErrMayHaveRun)
}

// Own reports whether err, of Call, is what the line found itself, and no answer of
// the bot. It is false for nil.
func Own(err error) bool {
	_, own := errors.AsType[*lineError](err)
	return own || err != nil && !client.IsAnswer(err)
}
