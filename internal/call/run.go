package call

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/instance"
)

// errGoexit is the error of user code until it returns. If the goroutine ends while
// errGoexit is still set, the user code has called runtime.Goexit.
var errGoexit = errors.New("runtime.Goexit was called")

// left returns err, but a panic in place of errGoexit. It is called while the goroutine
// ends, so that the panic's stack shows where the user code called runtime.Goexit.
func left(err error) error {
	if err == errGoexit { //nolint:errorlint // nobody wraps it
		return &instance.Panic{Value: "the handler called runtime.Goexit", Stack: debug.Stack()}
	}
	return err
}

// Quick reports whether an admitted call may run on the goroutine that read the
// request.
func (c *Call) Quick() bool { return c.place.Pace.Quick() }

// Pace returns the pace of the place of a call that was just admitted.
func (c *Call) Pace() *Pace { return &c.place.Pace }

// HandOff gives an admitted call to a worker.
func (c *Call) HandOff() {
	c.onReader = false // the reader may have found its key
	c.Arm()
	c.env.Workers.Go(c)
}

// RunOnReader is Run on the goroutine of the connection's reader. If it takes too long,
// the watchdog calls Stall. RunOnReader returns true if it has served the call; the
// caller then frees it. Otherwise the caller must not use the call any more.
func (c *Call) RunOnReader() (served bool) {
	c.onReader = true
	return c.run()
}

// Stall notes that the call, which RunOnReader runs, holds up its connection. From
// now on it has a timer.
func (c *Call) Stall() {
	c.place.Pace.Stall()
	c.Arm()
}

// Run takes an admitted call on: it finds its key, if it needs one, and serves it if
// its turn has come. It does nothing if the call was given up.
func (c *Call) Run() { c.run() }

func (c *Call) run() (served bool) {
	if c.place.Keyed && !c.prepared && !c.prepare() {
		return false // the call was cancelled or rejected, or waits for its turn
	}
	began := c.start()
	now := c.clock(began)
	if c.isLate(now) {
		c.onDeadline() // its timer may be late, because handlers keep all processors busy
		return false
	}
	if c.onReader && c.endsSoon(now) {
		c.Arm()
	}
	if !c.stage.CompareAndSwap(waiting, running) {
		return false
	}
	c.serve(began)
	return true
}

// prepare finds the key of a call. It reports whether the call's turn has come.
//
// The request's type and Key are user code: they may hang, panic or call
// runtime.Goexit. They hold nothing but this goroutine and the call's place.
func (c *Call) prepare() (turn bool) {
	if !c.stage.CompareAndSwap(waiting, preparing) {
		return false
	}
	began := c.start()
	c.place.Gate.Seek(c)
	err := errGoexit
	defer func() {
		if err != nil {
			// Not Store: if the key was found, the call may have been cancelled since.
			c.stage.CompareAndSwap(preparing, waiting)
			c.RejectWaiting(left(err))
		}
	}()
	key, serves, err := c.place.Endpoint.Prepare(c.Data)
	if err != nil {
		return false
	}
	if !began.IsZero() && time.Since(began) > quickRun {
		c.place.Pace.Lag() // a quick Key does not show that the handler is quick
	}
	c.serves, c.prepared = serves, true
	c.stage.Store(waiting)
	if err = c.givenUp(); err != nil {
		return false
	}
	return c.place.Gate.Commit(c, key)
}

// serve runs the handler and answers the call. It answers with timeout in place of a
// result that comes after the deadline, because the caller does not wait for it any more.
func (c *Call) serve(began time.Time) {
	b := buffer.For(len(c.Data)) // a large request often has a large response
	err := errGoexit
	c.observe(false)
	// Deferred, because a handler that calls runtime.Goexit does not return here.
	defer func() {
		err = left(err)
		c.observe(true)
		var now time.Time
		if !began.IsZero() {
			now = time.Now()
			c.place.Pace.Ran(now.Sub(began))
		}
		if err == nil && c.isLate(c.clock(now)) {
			err = c.late()
		}
		// Free the place first, because the answer may have to wait for a slow peer.
		c.finish()
		c.answer(b, err)
		b.Free()
	}()
	b.B, err = c.serves.Serve(c.newContext(), c.Data, c.maker.Head(b.B, c))
}

// start returns the time. On the reader's goroutine it returns zero, because reading the
// clock there costs as much as a quick handler.
func (c *Call) start() time.Time {
	if c.onReader {
		return time.Time{}
	}
	return time.Now()
}

// observe counts the time since the last step of a call that is timed: from its arrival
// to the start of its handler, then to the handler's end.
func (c *Call) observe(handler bool) {
	if c.sampledAt == 0 {
		return
	}
	now := c.env.Now()
	took := now - c.sampledAt
	c.sampledAt = now
	if !handler {
		c.target.Counts.Queue.Add(took)
		return
	}
	c.target.Counts.Handler.Add(took)
}

// finish ends a call after its last code has run, and gives its places to others.
func (c *Call) finish() {
	c.stage.Store(over)
	c.maker.Over(c)
	c.cancel(context.Canceled)
	c.freeBuffer()
	c.place.Gate.Leave(c)
}

// Relay passes an admitted call on to its handler in another place, for instance in
// another process. The reply answers the call; until then it is in flight.
func (c *Call) Relay() {
	c.Arm()
	if c.isLate(time.Now()) {
		c.Cancel(c.late(), context.DeadlineExceeded) // its timer may be late, as in run
		return
	}
	if !c.stage.CompareAndSwap(waiting, running) {
		return
	}
	c.observe(false)
	c.serves.Relay(c.newContext(), c.Data, func(out []byte, err error) {
		c.observe(true)
		if err == nil && c.isLate(time.Now()) {
			err = c.late()
		}
		b := buffer.For(len(out))
		b.B = append(c.maker.Head(b.B, c), out...)
		c.finish()
		// On a worker, because the answer may have to wait for a slow peer, and the
		// outcomes of other calls wait behind this one.
		c.env.Workers.Go(task(func() {
			c.answer(b, err)
			b.Free()
		}))
	})
}
