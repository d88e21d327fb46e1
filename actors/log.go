package actors

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// failed notes that a call failed, for the operator: what the caller gets may
// be less than err.
func (s *Server) failed(c *call, err error) {
	code := public(err).Code
	if code == wire.Internal {
		s.logInternal(c, err)
	} else {
		s.log.Debug("call failed", "endpoint", c.endpoint, "caller", c.callerName(), "code", code, "err", err)
	}
	s.report(Failure{Endpoint: c.endpoint, Caller: c.callerName(), Code: code, Err: err})
}

func (s *Server) logInternal(c *call, err error) {
	args := []any{"endpoint", c.endpoint, "caller", c.callerName(), "err", err}
	if r := c.route; r != nil {
		args = append(args, "cog", r.generation.gate.name, "generation", r.generation.number)
	}
	if p, ok := errors.AsType[*cogs.Panic](err); ok {
		if c.route != nil {
			c.route.generation.gate.panics.Add(1)
		}
		args = append(args, "stack", string(p.Stack))
	}
	s.limiter.error(s.log, "handler failed", args...)
}

// rejected notes a message that did not become a call.
func (s *Server) rejected(c *connection, endpoint string, err error) {
	s.log.Debug("message refused", "endpoint", endpoint, "caller", c.remote, "err", err)
	s.report(Failure{Endpoint: endpoint, Caller: c.remote, Code: public(err).Code, Err: err})
}

func (s *Server) report(f Failure) {
	if s.opts.OnError == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			s.limiter.error(s.log, "Options.OnError panicked", "panic", v)
		}
	}()
	s.opts.OnError(f)
}

func isPanic(err error) bool {
	_, ok := errors.AsType[*cogs.Panic](err)
	return ok
}

// A limiter keeps a cog that fails in a loop from drowning the log, and from
// spending the neighbours' time on writing it.
type limiter struct {
	mu      sync.Mutex // protects the fields below
	second  time.Time
	logged  int
	dropped int
}

// perSecond is how many failures are logged each second.
const perSecond = 20

func (l *limiter) error(log *slog.Logger, message string, args ...any) {
	l.mu.Lock()
	now := time.Now()
	dropped := 0
	if now.Sub(l.second) >= time.Second {
		dropped = l.dropped
		l.second, l.logged, l.dropped = now, 0, 0
	}
	l.logged++
	drop := l.logged > perSecond
	if drop {
		l.dropped++
	}
	l.mu.Unlock()
	if dropped > 0 {
		log.Error("failures were left out of the log", "count", dropped)
	}
	if !drop {
		log.Error(message, args...)
	}
}
