package loadtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/wire"
)

// A callResult is a call and its outcome. Times are since the run began.
type callResult struct {
	route            int
	due, sent, ended time.Duration
	err              error
	code             wire.Code // the code of err
	outcome          outcome
	replied          bool // the bot sent the result or the error
	given            bool // a connection took the call
	timed            bool // the call's time counts in the latencies
}

type outcome uint8

const (
	answered outcome = iota
	expected         // an error that the scenario expects, which counts as answered
	failed
	unanswered
)

// judge sets the outcome of a call that has ended. Errors with a code in expect count
// as answers, with these rules:
//   - An error of the generator itself is no answer, because the bot sent none.
//   - A timeout counts, even if the client reports it: the bot and the client both
//     give up at the deadline, and it is chance which of the two errors arrives.
func (m *callResult) judge(expect []wire.Code) {
	if m.err == nil {
		m.outcome, m.replied, m.given, m.timed = answered, true, true, true
		return
	}
	m.code = wire.CodeOf(m.err)
	m.replied = !conns.Local(m.err)
	m.given = m.replied || !conns.Unsent(m.err)
	late := m.code == wire.Timeout
	vain := m.code == wire.Canceled && !m.given // the call waited for a connection until the run ended
	if vain {                                   // it cannot have run, so it failed, and is not unanswered
		m.code = wire.Unavailable
		why := m.err.Error()
		if e, ok := errors.AsType[*wire.Error](m.err); ok {
			why = e.Message
		}
		m.err = wire.Errorf(m.code, "no connection had taken it when the run ended: %s", why)
	}
	switch {
	case (m.replied || late) && slices.Contains(expect, m.code):
		m.outcome = expected
	case late, !m.replied && (m.code == wire.Interrupted || m.code == wire.Canceled):
		m.outcome = unanswered
	default:
		m.outcome = failed
	}
	// An unanswered call has taken at least as long as it waited; without it the
	// worst calls would vanish from the latencies. The same holds for a call that
	// waited in vain for a connection. But a call that failed at once because there
	// was no connection tells nothing about the bot.
	m.timed = m.replied || m.outcome != failed || vain || errors.Is(m.err, context.DeadlineExceeded)
}

// refuses reports whether the bot would refuse all calls if it refused the first one
// with this error.
func (m *callResult) refuses() bool {
	return m.outcome == failed && (m.code == wire.NoRoute || m.code == wire.Unauthorized)
}
