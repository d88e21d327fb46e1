package router

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// Failed notes that a call failed, for the operator: what the caller gets may
// be less than err. What a caller is told may quote what it asked, so the log
// gets the code alone.
func (s *Router) Failed(c *Call, err error) {
	code := public(err).Code
	if code == wire.Internal {
		s.logInternal(c, err)
	} else {
		s.Log.Debug("call failed", "endpoint", clip(c.endpoint), "caller", c.callerName(), "code", code)
	}
	s.report(c.endpoint, c.callerName(), err)
}

func (s *Router) logInternal(c *Call, err error) {
	args := []any{"endpoint", clip(c.endpoint), "caller", c.callerName(), "err", err}
	if r := c.route; r != nil {
		args = append(args, "cog", r.generation.gate.Name, "generation", r.generation.Number)
	}
	if p, ok := errors.AsType[*cogs.Panic](err); ok {
		if c.route != nil {
			c.route.generation.gate.Panics.Add(1)
		}
		args = append(args, "stack", string(p.Stack))
	}
	s.limiter.error(s.Log, "handler failed", args...)
}

// Rejected notes a message that did not become a call.
func (s *Router) Rejected(endpoint, caller string, err error) {
	s.Log.Debug("message refused", "endpoint", clip(endpoint), "caller", caller, "code", public(err).Code)
	s.report(endpoint, caller, err)
}

// clip shortens a name from outside for the log.
func clip(name string) string {
	const most = 100
	if len(name) <= most {
		return name
	}
	return name[:most] + "..."
}

func (s *Router) report(endpoint, caller string, err error) {
	if s.OnFailure == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			s.limiter.error(s.Log, "Options.OnError panicked", "panic", v)
		}
	}()
	s.OnFailure(endpoint, caller, public(err).Code, err)
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
