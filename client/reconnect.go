package client

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// A redialer speaks cogbus.v1. It keeps one connection for new calls, and others only
// until their last calls are answered. A call that finds no connection starts an attempt,
// which dials and pauses in redial.go.
type redialer struct {
	dialer
	life  *lifetime
	calls sync.Pool // of *call

	current atomic.Pointer[connection] // takes new calls; nil if there is none
	states  notifier

	mu        sync.Mutex // protects the fields below
	attempt   *attempt   // under way; nil if there is none
	waiting   int        // calls that wait for attempt
	patient   bool       // calls wait for a bot that is away: a connection was made once, or Options.WaitForBot
	failure   error      // of the last dial; nil after a connection was made
	failures  int        // in a row
	notBefore time.Time  // the earliest time of the next dial
	open      map[*connection]struct{}
}

func newRedialer(to dialer, life *lifetime) *redialer {
	return &redialer{
		dialer: to,
		life:   life,
		calls:  sync.Pool{New: func() any { return &call{done: make(chan struct{}, 1)} }},
		open:   map[*connection]struct{}{},

		states:  notifier{f: to.options.OnState},
		patient: to.options.WaitForBot,
	}
}

func (d *redialer) connect(ctx context.Context) error {
	r := request{ctx: ctx, endpoint: "connect"}
	if !d.options.WaitForBot {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, connectTimeout)
		defer cancel()
	}
	r.deadline, _ = ctx.Deadline()
	_, err := d.connection(&r)
	return err
}

// roundTrip tries another connection only if the call has certainly not been sent.
func (d *redialer) roundTrip(r request) (reply, error) {
	defer func() {
		if r.data != nil {
			r.data.Free()
		}
	}()
	for {
		c := d.current.Load()
		if c == nil {
			var err error
			if c, err = d.connection(&r); err != nil {
				return reply{}, err
			}
		}
		got, taken, err := c.exchange(&r)
		if taken {
			return got, err
		}
	}
}

// connection waits for a connection that takes new calls.
func (d *redialer) connection(r *request) (*connection, error) {
	d.mu.Lock()
	if c := d.current.Load(); c != nil {
		d.mu.Unlock()
		return c, nil
	}
	a := d.attempt
	if a == nil {
		a = &attempt{done: make(chan struct{})}
		// ends with settle; Close waits for it
		if !d.life.spawn(func() { d.try(a) }) {
			d.mu.Unlock()
			return nil, closedError()
		}
		d.attempt = a
	}
	d.waiting++
	d.mu.Unlock()

	ctx, cancel := r.context()
	defer cancel()
	select {
	case <-a.done:
	case <-ctx.Done():
	}

	d.mu.Lock()
	d.waiting--
	failure := d.failure
	d.mu.Unlock()
	select {
	case <-a.done:
		return a.conn, a.err
	default:
	}
	if failure == nil {
		failure = connectError(d.target.where(), context.DeadlineExceeded)
	}
	return nil, r.over(wire.Unavailable, messageOf(failure), failure)
}

// retired is called once for each connection, when it takes no more calls.
func (d *redialer) retired(c *connection, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current.CompareAndSwap(c, nil) // under d.mu: its reader may be faster than settle
	d.states.tell(State{Err: why})
	if time.Since(c.since) >= healthy {
		d.failures = 0
		return
	}
	d.failedLocked(connectError(d.target.where(), errors.New("the bot ends connections as soon as they are made")))
}

// ended is called once for each connection, when it has ended.
func (d *redialer) ended(c *connection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, c)
}

// close is called when no goroutine can start any more.
func (d *redialer) close() {
	d.mu.Lock()
	var open []*connection
	for c := range d.open {
		open = append(open, c)
	}
	d.mu.Unlock()
	for _, c := range open {
		c.shutdown()
	}
	d.states.wait()
}
