package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// After a loss the pause before an attempt grows from minPause to maxPause.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// forever is how long Dial waits for a bot where nobody has said for how long.
const forever = 100 * 365 * 24 * time.Hour

// healthy is how long a connection must have lasted for its loss to be followed
// by an attempt at once: a bot that dies on arrival must not be dialled in a loop.
const healthy = time.Second

// A redialer speaks cogbus.v1: it keeps one connection for new calls, and others
// only while their last calls are answered.
type redialer struct {
	dialer
	life  *lifetime
	calls sync.Pool // of *call

	current atomic.Pointer[connection] // takes new calls; nil if none does
	states  notifier

	mu        sync.Mutex // protects the fields below
	attempt   *attempt   // under way; nil if none is
	waiting   int        // calls that wait for attempt
	patient   bool       // calls wait for a bot that is away: it was there once, or Options.WaitForBot
	failure   error      // of the last dial; nil after a connection was made
	failures  int        // in a row
	notBefore time.Time  // when the next dial may be
	open      map[*connection]struct{}
}

// An attempt is what all calls share that wait for a connection. Before the client is
// patient it is one dial, later as many as it takes while calls wait.
type attempt struct {
	done chan struct{} // closed when conn or err is set
	conn *connection
	err  error
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
	if deadline, ok := ctx.Deadline(); ok {
		r.deadline = deadline
	} else {
		r.deadline = time.Now().Add(forever)
	}
	_, err := d.connection(&r)
	return err
}

// roundTrip goes on to another connection only while the call has certainly not
// been sent.
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
		// Close waits for it; its end is settle
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

// try dials until a is settled.
func (d *redialer) try(a *attempt) {
	for d.pause(a) {
		c, err := d.dial()
		if d.settle(a, c, err) {
			return
		}
	}
}

// pause waits until the next dial may be. It settles a if nobody waits for it by
// then, and reports whether it has not.
func (d *redialer) pause(a *attempt) bool {
	d.mu.Lock()
	wait := time.Until(d.notBefore)
	d.mu.Unlock()
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-d.life.ctx.Done():
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if wait > 0 && d.waiting == 0 {
		d.finish(a, nil, d.failure)
		return false
	}
	return true
}

func (d *redialer) dial() (*connection, error) {
	ctx, cancel := context.WithTimeout(d.life.ctx, connectTimeout)
	defer cancel()
	where := d.target.where()
	ws, release, err := d.dialer.open(ctx, d.target, protocol.Subprotocol)
	if err != nil {
		return nil, err
	}
	h := handshake{ws: ws, where: where, secret: d.options.Secret}
	welcome, err := h.run(d.options.Name)
	if !release() && ctx.Err() != nil {
		err = connectError(where, context.Cause(ctx))
	}
	if err != nil {
		ws.Abort()
		return nil, err
	}
	return newConnection(d, ws, welcome), nil
}

// settle takes the outcome of a dial and reports whether a is over.
func (d *redialer) settle(a *attempt, c *connection, err error) bool {
	// before the lock: the handler is the user's
	d.options.Logger.Debug("connect to the bot", "target", d.target.where(), "err", err)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		// the reader and the writer end with the connection; Close ends it and
		// waits for both
		if !d.life.spawn(c.read) || !d.life.spawn(c.write) {
			c.ws.Abort()
			d.finish(a, nil, closedError())
			return true
		}
		d.patient, d.failure, d.open[c] = true, nil, struct{}{}
		d.current.Store(c)
		d.states.tell(State{Connected: true})
		d.finish(a, c, nil)
		return true
	}
	e, ok := errors.AsType[*callError](err)
	switch {
	case d.life.ctx.Err() != nil:
		err = closedError()
	case d.patient && !(ok && e.final):
		d.failed(err)
		if d.waiting > 0 {
			return false
		}
	}
	d.finish(a, nil, err)
	return true
}

// finish gives a its outcome. The caller holds d.mu.
func (d *redialer) finish(a *attempt, c *connection, err error) {
	a.conn, a.err = c, err
	d.attempt = nil
	close(a.done)
}

// failed notes why the next dial has to wait. The caller holds d.mu.
func (d *redialer) failed(err error) {
	d.failure = err
	d.failures++
	d.notBefore = time.Now().Add(backoff(d.failures))
}

// backoff returns a pause of which half is chance, so that clients do not return
// to a bot in step.
func backoff(failures int) time.Duration {
	pause := maxPause
	if failures < 7 {
		pause = min(pause, minPause<<(failures-1))
	}
	return pause/2 + rand.N(pause/2)
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
	d.failed(connectError(d.target.where(), errors.New("the bot ends connections as soon as they are made")))
}

// ended is called once for each connection, when it has ended.
func (d *redialer) ended(c *connection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, c)
}

// close is called when nothing can be started any more.
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
