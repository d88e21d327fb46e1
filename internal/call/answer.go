package call

import (
	"errors"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/workers"
	"github.com/cogbus/cogbus/wire"
)

// LongResponse is the error of a response that is too large to be sent.
type LongResponse struct{ Max int }

// Error returns the text of the *wire.Error.
func (e LongResponse) Error() string { return e.Unwrap().Error() }

// Unwrap returns the *wire.Error that callers get.
func (e LongResponse) Unwrap() error {
	return wire.Errorf(wire.TooLarge, "the response is larger than %d bytes", e.Max)
}

// Public returns the part of err that a caller may know.
func Public(err error) *wire.Error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	return wire.Errorf(wire.Internal, "the handler failed; the bot's log tells why")
}

// Overloaded returns an error that asks the caller to come back in a moment.
func Overloaded(format string, args ...any) *wire.Error {
	e := wire.Errorf(wire.Overloaded, format, args...)
	e.RetryAfter, e.NotRun = 100*time.Millisecond, true
	return e
}

// NotRun returns a copy of err which tells the caller that the handler never began. It
// copies err because others may share it.
func NotRun(err *wire.Error) *wire.Error {
	if err == nil || err.NotRun {
		return err
	}
	e := *err
	e.NotRun = true
	return &e
}

// hasRun returns a handler's error in the form that the caller gets: without the mark
// that the call has not run. The handler may have passed on the error of a call of its
// own, and that call may not have run.
func hasRun(err error) error {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok || !e.NotRun {
		return err
	}
	ran := *e
	ran.NotRun = false
	return &ran
}

// Returned reports whether the handler of the call has returned. Maker.Fail uses it to
// distinguish an error of the handler from an error of the router.
func (c *Call) Returned() bool { return c.returned }

// answer tells the maker the result of the handler: b, or err.
func (c *Call) answer(b *buffer.Buffer, err error) {
	if err == nil {
		b.B = c.maker.Tail(b.B)
		if len(b.B) > c.env.MaxMessage {
			err = LongResponse{c.env.MaxMessage}
		}
	}
	// Read err before the call counts as answered. err is a type of the user, whose
	// methods may hang or end the goroutine, and afterwards the deadline could not
	// answer the call any more.
	told := hasRun(err)
	if !c.answered.CompareAndSwap(false, true) {
		c.noteCrash(c.place, err)
		return
	}
	c.returned = true
	if err != nil {
		c.env.Failed(c, c.place, err)
		b.B = c.fail(b.B[:0], told)
	}
	seen := c.maker.Answer(c, b.B, !c.onReader)
	c.reusable = err == nil && c.onReader && !seen && !c.held && c.Parent == nil && !c.place.Ordered
}

// noteCrash reports user code that has panicked or called runtime.Goexit when the
// caller has its answer already. It leaves out all other errors of such a late handler:
// mostly they only say that the context has ended.
func (c *Call) noteCrash(at *Place, err error) {
	if _, ok := errors.AsType[*instance.Panic](err); ok {
		c.env.Failed(c, at, err)
	}
}

// tell answers a call that has failed with err, and reports the failure. at is nil if
// the call had no place. tell may wait for the peer.
func (c *Call) tell(at *Place, err error) {
	c.env.Failed(c, at, err)
	b := buffer.New()
	b.B = c.fail(b.B, err)
	c.maker.Answer(c, b.B, true)
	b.Free()
}

// tellSoon is tell on a worker, for callers that must not wait for the peer.
func (c *Call) tellSoon(at *Place, err error) {
	c.env.Workers.Go(task(func() { c.tell(at, err) }))
}

// fail appends the answer that the call failed. The answer is never longer than
// Env.MaxMessage.
func (c *Call) fail(dst []byte, err error) []byte {
	start := len(dst)
	dst = c.maker.Fail(dst, c, err)
	if most := c.env.MaxMessage; len(dst)-start > most && most > shortText {
		e := *Public(err)
		e.Message = "the error's text is too long to be sent"
		dst = c.maker.Fail(dst[:start], c, &e)
	}
	return dst
}

// shortText bounds the length of an error without a text of its own.
const shortText = 512

type task = workers.Func
