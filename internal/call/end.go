package call

import (
	"context"
	"errors"

	"github.com/cogbus/cogbus/wire"
)

// Admitted gives the call its place, which the gate has counted already. It returns
// false if the call was cancelled meanwhile; the gate must then take the count back.
func (c *Call) Admitted(p *Place) bool {
	c.place, c.serves = p, p.Endpoint
	if c.held || c.limit != p.Timeout { // only admission changes limit
		c.shorten(p.Timeout)
	}
	return c.stage.CompareAndSwap(arriving, waiting)
}

// Held reports whether a gate has held the call. The gate has accepted such a call
// already, so limits do not refuse it again.
func (c *Call) Held() bool { return c.held }

// Hold notes that a gate holds the call, until its deadline.
func (c *Call) Hold() {
	c.held = true
	c.Arm()
}

// RejectArriving answers a call that no generation has admitted.
func (c *Call) RejectArriving(err error) {
	if c.stage.CompareAndSwap(arriving, over) {
		c.reject(nil, err, c.held)
	}
}

// RejectWaiting answers a call that was admitted and will not run. Only the goroutine
// that would have run the call may use it, or the goroutine that keeps it.
func (c *Call) RejectWaiting(err error) {
	if c.stage.CompareAndSwap(waiting, over) {
		c.place.Gate.Leave(c)
		c.reject(c.place, err, c.held)
	}
}

// RejectQueued is RejectWaiting for any other goroutine: it does not wait for the
// peer.
func (c *Call) RejectQueued(err error) {
	if c.stage.CompareAndSwap(waiting, over) {
		c.place.Gate.Leave(c)
		c.reject(c.place, err, true)
	}
}

// Drop ends a call that no generation has admitted, with an empty answer. It is for a
// tick of an instance that has ended, which must not count as a failure.
func (c *Call) Drop() {
	if !c.stage.CompareAndSwap(arriving, over) {
		return
	}
	c.finishUnrun() // also if its deadline has just answered it, because its maker waits for Over
	if c.answered.CompareAndSwap(false, true) {
		c.maker.Answer(c, nil, false)
	}
}

// reject ends a call that will not run. If soon is true, a worker answers the call,
// because other calls wait for this goroutine.
func (c *Call) reject(at *Place, err error, soon bool) {
	if e, ok := err.(*wire.Error); ok { //nolint:errorlint // an error that wraps one is for the log
		err = NotRun(e)
	}
	c.Refused(err)
	c.finishUnrun()
	switch {
	case !c.answered.CompareAndSwap(false, true):
		c.noteCrash(at, err) // a crash of Key, or of the request's type
	case soon:
		c.tellSoon(at, err)
	default:
		c.tell(at, err)
	}
}

// finishUnrun is finish for a call that will not run.
func (c *Call) finishUnrun() {
	c.maker.Over(c)
	c.cancel(context.Canceled)
	c.freeBuffer()
}

// freeBuffer gives back the request's memory. The goroutine that has moved the call to
// over calls it.
func (c *Call) freeBuffer() {
	if c.Buffer != nil {
		c.Buffer.Free()
	}
}

// Cancel answers the call with err and ends its context with cause. If the call still
// waits, it loses its place and will not run. Cancel does not wait for the peer. It
// reports whether the call had no answer before.
func (c *Call) Cancel(err *wire.Error, cause error) bool {
	told := c.giveUp(err, cause)
	if told != nil {
		c.tellSoon(nil, told)
	}
	return told != nil
}

// giveUp is Cancel without the answer. It returns the error with which its caller must
// answer the call, nil if the call has been answered already.
func (c *Call) giveUp(err *wire.Error, cause error) (told *wire.Error) {
	first := !c.env.AnswerOnReturn && c.answered.CompareAndSwap(false, true)
	c.cancel(cause)
	gone := c.loseWait()
	if gone {
		err = NotRun(err)
		c.Refused(err)
		c.maker.Over(c)
		if c.env.AnswerOnReturn {
			first = c.answered.CompareAndSwap(false, true)
		}
	}
	if !first {
		return nil
	}
	return err
}

// loseWait ends a call that waits, and gives its place back. It returns false if user
// code of the call runs, or has run. It leaves the buffer to the garbage collector,
// because the goroutine that has read the request may still use it.
func (c *Call) loseWait() bool {
	if c.stage.CompareAndSwap(arriving, over) {
		return true // a gate that holds the call will find that it is over
	}
	if c.stage.CompareAndSwap(waiting, over) {
		c.place.Gate.Leave(c)
		return true
	}
	return false
}

// CancelByCaller ends a call because its caller does not wait any more. cause is the
// error of the caller's context, nil if it has none.
func (c *Call) CancelByCaller(cause error) {
	if errors.Is(cause, context.DeadlineExceeded) {
		c.Cancel(c.late(), context.DeadlineExceeded)
		return
	}
	c.Cancel(wire.Errorf(wire.Canceled, "the caller of %q gave up", c.Endpoint), context.Canceled)
}

// onDeadline ends a call at its deadline. It may wait for the peer, so it runs only on
// the goroutine of the call's timer or of its worker.
func (c *Call) onDeadline() {
	if told := c.giveUp(c.late(), context.DeadlineExceeded); told != nil {
		c.tell(nil, told)
	}
}

func (c *Call) late() *wire.Error {
	return wire.Errorf(wire.Timeout, "no answer from %q in time", c.Endpoint)
}

// givenUp returns the error for a call that was cancelled while user code found its key.
func (c *Call) givenUp() error {
	err := c.Err()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return c.late()
	}
	return wire.Errorf(wire.Canceled, "the caller of %q gave up", c.Endpoint)
}
