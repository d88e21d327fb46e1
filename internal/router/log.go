package router

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// Failed notes for the operator that a call was refused before it had a place.
func (r *Router) Failed(c *call.Call, err error) { r.failed(c, nil, err) }

// failed notes that a call failed. The caller may get less than err.
func (r *Router) failed(c *call.Call, at *call.Place, err error) {
	r.note(c.Endpoint, c.Caller, at, err)
}

// note logs a failure. The error that a caller gets may quote its request, so the log
// gets only the code.
func (r *Router) note(endpoint, caller string, at *call.Place, err error) {
	if code := call.Public(err).Code; code == wire.Internal {
		r.logInternal(endpoint, caller, at, err)
	} else {
		r.o.Log.Debug("call failed", "endpoint", clip.Text(endpoint, maxEndpoint), "caller", caller, "code", code)
	}
	r.fail(endpoint, caller, err)
}

func (r *Router) logInternal(endpoint, caller string, at *call.Place, err error) {
	args := []any{"endpoint", clip.Text(endpoint, maxEndpoint), "caller", caller, "err", err}
	if at != nil {
		args = append(args, "cog", at.Cog, "generation", at.Generation)
	}
	if p, ok := errors.AsType[*instance.Panic](err); ok {
		if at != nil {
			at.Panics.Add(1)
		}
		args = append(args, "stack", clip.Text(string(p.Stack), maxStack))
	}
	r.limiter.error(r.o.Log, "handler failed", args...)
}

// Rejected notes a message that did not become a call.
func (r *Router) Rejected(endpoint, caller string, err error) {
	r.o.Log.Debug("message refused", "endpoint", clip.Text(endpoint, maxEndpoint), "caller", caller, "code", call.Public(err).Code)
	r.fail(endpoint, caller, err)
}

// fail passes a failure to the reporter, if there is an OnFailure.
func (r *Router) fail(endpoint, caller string, err error) {
	if r.o.OnFailure != nil {
		r.reporter.add(failure{endpoint, caller, err})
	}
}

// report calls the user's OnFailure.
func (r *Router) report(f failure) {
	if f.err == nil {
		r.limiter.error(r.o.Log, "Options.OnError is too slow: it was not told of some failures")
		return
	}
	code, real := call.Public(f.err).Code, f.err
	if e, ok := real.(interface{ Original() error }); ok {
		real = e.Original()
	}
	err := instance.Protect(func() error {
		r.o.OnFailure(f.endpoint, f.caller, code, real)
		return nil
	})
	if err != nil {
		r.limiter.error(r.o.Log, "Options.OnError panicked", "panic", err)
	}
}

// How many bytes are logged of a name from outside, and of a stack that another process
// has sent, perhaps.
const (
	maxEndpoint = 100
	maxStack    = 1 << 16
)

// A limiter keeps a cog that fails in a loop from filling the log, and from spending
// the time of other cogs on writing it.
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
