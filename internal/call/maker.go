package call

import (
	"context"
	"sync"
	"time"

	"github.com/cogbus/cogbus/internal/workers"
)

// A Maker has made a call and is told its outcome. The router has one for
// each kind: a client's session, a call from inside the bot, an event, a tick.
type Maker interface {
	// Head and Tail append the text around a result. Fail appends the answer that
	// the call failed.
	Head(dst []byte, c *Call) []byte
	Tail(dst []byte) []byte
	Fail(dst []byte, c *Call, err error) []byte

	// Answer passes on the answer, once. It does not keep text. Without flush the
	// reader's goroutine will write it before it waits. Answer may wait for a slow
	// peer. It reports whether another goroutine has seen the call and may still refer
	// to it.
	Answer(c *Call, text []byte, flush bool) (seen bool)

	// Over is told, once, when nothing of the call runs any more: before Answer, or
	// after it. It does not block.
	Over(c *Call)
}

// An Env holds the things that all calls of a router share.
type Env struct {
	Workers    *workers.Pool
	MaxMessage int // of an answer, in bytes

	// AnswerOnReturn makes calls that run be answered when their handlers have
	// returned, also those that were cancelled: for makers that have told their own
	// callers already, and count on it that nothing runs then.
	AnswerOnReturn bool

	// Failed is told of each call that fails, with the whole error and the place where
	// it was served or waited. The place is nil if the call had none, or was cancelled.
	Failed func(c *Call, at *Place, err error)

	// Local runs a route of the bot for the handler of parent, in a cog.
	Local func(ctx context.Context, parent *Call, cog, endpoint string, data []byte) ([]byte, error)

	began time.Time
	used  sync.Pool // of *Call that may be used again
}

// Start sets the clock of e. It comes before the first call.
func (e *Env) Start() { e.began = time.Now() }

// Now returns the time since Start in nanoseconds, which is never 0.
func (e *Env) Now() int64 { return int64(time.Since(e.began)) + 1 }
