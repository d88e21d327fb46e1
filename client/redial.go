package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/cogbus/cogbus/wire/protocol"
)

// After a loss the pause before an attempt grows from minPause to maxPause, less up to
// half of it; see backoff.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// healthy is the time for which a connection must have lasted, so that the next attempt
// may follow its loss at once. Otherwise clients would dial a bot that dies at each
// connection in a loop.
const healthy = time.Second

// An attempt ends with a connection or an error. All calls that wait for a connection
// share it. Before the client is patient it is one dial; later it dials until it
// succeeds, or no call waits.
type attempt struct {
	done chan struct{} // closed when conn or err is set
	conn *connection
	err  error
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

// pause waits until the next dial is allowed. If no call waits by then, it ends a, and
// reports false.
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
		d.finishLocked(a, nil, d.failure)
		return false
	}
	return true
}

func (d *redialer) dial() (*connection, error) {
	ctx, cancel := context.WithTimeout(d.life.ctx, connectTimeout)
	defer cancel()
	where := d.target.where()
	ws, detach, err := d.dialer.open(ctx, d.target, protocol.Subprotocol)
	if err != nil {
		return nil, err
	}
	h := handshake{ws: ws, where: where, secret: d.options.Secret}
	welcome, err := h.run(d.options.Name)
	if !detach() && ctx.Err() != nil {
		err = connectError(where, context.Cause(ctx))
	}
	if err != nil {
		ws.Abort()
		return nil, err
	}
	return newConnection(d, ws, welcome), nil
}

// settle takes the outcome of a dial. It reports whether a has ended.
func (d *redialer) settle(a *attempt, c *connection, err error) bool {
	// before the lock, since the log handler is user code
	d.options.Logger.Debug("connect to the bot", "target", d.target.where(), "err", err)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		// the reader and the writer end with the connection; Close ends it and waits
		// for both
		if !d.life.spawn(c.read) || !d.life.spawn(c.write) {
			c.ws.Abort()
			d.finishLocked(a, nil, closedError())
			return true
		}
		d.patient, d.failure, d.open[c] = true, nil, struct{}{}
		d.current.Store(c)
		d.states.tell(State{Connected: true})
		d.finishLocked(a, c, nil)
		return true
	}
	e, ok := errors.AsType[*callError](err)
	switch {
	case d.life.ctx.Err() != nil:
		err = closedError()
	case d.patient && !(ok && e.final):
		d.failedLocked(err)
		if d.waiting > 0 {
			return false
		}
	}
	d.finishLocked(a, nil, err)
	return true
}

// finishLocked ends a with its outcome.
func (d *redialer) finishLocked(a *attempt, c *connection, err error) {
	a.conn, a.err = c, err
	d.attempt = nil
	close(a.done)
}

// failedLocked notes a failure, so that the next dial waits.
func (d *redialer) failedLocked(err error) {
	d.failure = err
	d.failures++
	d.notBefore = time.Now().Add(backoff(d.failures))
}

// backoff returns a pause, half of it random, so that clients do not return to a bot
// all at once.
func backoff(failures int) time.Duration {
	pause := maxPause
	if failures < 7 {
		pause = min(pause, minPause<<(failures-1))
	}
	return pause/2 + rand.N(pause/2)
}
