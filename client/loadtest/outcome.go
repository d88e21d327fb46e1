package loadtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/wire"
)

// A made call, and what became of it. Moments are since the run began.
type made struct {
	route            int
	due, sent, ended time.Duration
	err              error
	code             wire.Code // of err
	outcome          outcome
	replied          bool // it is the bot that said so
	given            bool // it was given to a connection
	timed            bool // how long it took counts
}

type outcome uint8

const (
	answered outcome = iota
	expected         // an error that the scenario expects: it counts as answered
	failed
	unanswered
)

// judge says what became of a call that has ended, where errors with a code in
// expect count as answers. Those that the generator found itself do not: nobody has
// answered. But a timeout is one, whoever says so: at the deadline the bot and the
// client both do, and which one is heard is chance.
func (m *made) judge(expect []wire.Code) {
	if m.err == nil {
		m.outcome, m.replied, m.given, m.timed = answered, true, true, true
		return
	}
	m.code = wire.CodeOf(m.err)
	m.replied = !conns.Local(m.err)
	m.given = m.replied || !conns.Unsent(m.err)
	late := m.code == wire.Timeout
	vain := m.code == wire.Canceled && !m.given
	if vain { // it cannot have run, so it is not unanswered
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
	// an unanswered call has taken at least as long, and hiding it would make the
	// worst calls the best ones, as would one that has waited in vain to be sent;
	// but what fails at once for want of a connection says nothing of the bot
	m.timed = m.replied || m.outcome != failed || vain || errors.Is(m.err, context.DeadlineExceeded)
}

// refuses reports whether a bot that answers the first call like this answers all
// like this.
func (m *made) refuses() bool {
	return m.outcome == failed && (m.code == wire.NoRoute || m.code == wire.Unauthorized)
}
