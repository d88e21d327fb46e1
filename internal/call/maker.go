package call

import (
	"context"
	"sync"
	"time"

	"github.com/cogbus/cogbus/internal/workers"
)

// A Maker has made a call and gets its outcome. The router has one type of Maker for each
// kind of call: a client's session, a call from inside the bot, an event, a tick.
type Maker interface {
	// Head and Tail append the text around a result. Fail appends the answer that
	// the call failed.
	Head(dst []byte, c *Call) []byte
	Tail(dst []byte) []byte
	Fail(dst []byte, c *Call, err error) []byte

	// Answer passes on the answer. It is called once for a call. It does not keep text.
	// If flush is false, the reader's goroutine writes the answer before it next waits.
	// Answer may wait for a slow peer. It returns true if another goroutine has seen
	// the call and may still refer to it.
	Answer(c *Call, text []byte, flush bool) (seen bool)

	// Over is called once, when no code of the call runs any more. That may be before
	// Answer or after it. Over does not block.
	Over(c *Call)
}

// An Env holds the things that all calls of a router share.
type Env struct {
	Workers    *workers.Pool
	MaxMessage int // of an answer, in bytes

	// AnswerOnReturn delays the answer of each call until its handler has returned,
	// also if the call is cancelled. It is for makers that have already told their own
	// callers of the cancellation, and take the answer to mean that no handler runs.
	AnswerOnReturn bool

	// Failed is called for each call that fails, with the whole error and the place
	// where the call ran or waited. The place is nil if the call had none, or was
	// cancelled.
	Failed func(c *Call, at *Place, err error)

	// Local runs a route of the bot for the handler of parent, in a cog.
	Local func(ctx context.Context, parent *Call, cog, endpoint string, data []byte) ([]byte, error)

	began time.Time
	used  sync.Pool // *Call values that may be used again
}

// Start sets the clock of e. It comes before the first call.
func (e *Env) Start() { e.began = time.Now() }

// Now returns the time since Start in nanoseconds, which is never 0.
func (e *Env) Now() int64 { return int64(time.Since(e.began)) + 1 }
