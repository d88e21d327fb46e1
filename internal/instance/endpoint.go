package instance

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/foreign"
)

// An Endpoint is a route, a listener or a tick of an instance. Package cogs and the
// Recorder make endpoints. Several goroutines may call the methods of an Endpoint at once;
// nobody changes its fields after Setup.
type Endpoint struct {
	Name        string
	Timeout     time.Duration // of each call; zero means the default of 30 seconds
	MaxInFlight int           // the most calls that may run at once; zero means that only the cog's limit applies
	MaxWaiting  int           // the most calls that may wait for that; zero means that only the cog's limit applies

	// Run serves one call; see Serve.
	Run ServeFunc

	// FindKey, if set, decodes data. It returns the key of the call, and a function that
	// serves the call without decoding data again; see Prepare.
	FindKey func(data []byte) (key string, run ServeFunc, err error)

	relay RelayFunc // if set, it takes the place of Run and FindKey
}

// A ServeFunc decodes data, runs a handler and appends the encoded result to dst.
type ServeFunc func(ctx context.Context, data, dst []byte) ([]byte, error)

// A RelayFunc passes a call or an event on to another place where its handler runs, for
// example to another process. It does not block and does not keep data. It calls done
// exactly once, before it returns or later, from any goroutine. It does so also if ctx has
// ended, since the call is in flight until its handler has returned. done does not keep
// out, which is JSON text.
type RelayFunc func(ctx context.Context, data []byte, done func(out []byte, err error))

// Serve decodes data, runs the handler and appends the encoded result to dst. If the
// handler panics, Serve returns a *[Panic]. If the handler calls runtime.Goexit, Serve does
// not return. The handler does not keep data.
func (e *Endpoint) Serve(ctx context.Context, data, dst []byte) (out []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = dst, newPanic(v, debug.Stack())
		}
	}()
	out, err = e.Run(ctx, data, dst)
	return out, tame(err)
}

// Keyed reports whether calls run in order for each key. The gate then calls Prepare for
// each call, and serves the endpoint that Prepare returns.
func (e *Endpoint) Keyed() bool { return e.FindKey != nil }

// Prepare decodes data. It returns the key of the call, and an endpoint that serves this
// call without data, in place of e.
func (e *Endpoint) Prepare(data []byte) (key string, prepared *Endpoint, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = newPanic(v, debug.Stack())
		}
	}()
	key, run, err := e.FindKey(data)
	if err != nil {
		return "", nil, tame(err)
	}
	return key, &Endpoint{Name: e.Name, Timeout: e.Timeout, Run: run}, nil
}

// Relayed reports whether the handler runs elsewhere, for example in another process. Relay
// then serves the endpoint; Serve must not be called.
func (e *Endpoint) Relayed() bool { return e.relay != nil }

// Relay passes a call on, and calls done exactly once, with JSON text or an error.
func (e *Endpoint) Relay(ctx context.Context, data []byte, done func(out []byte, err error)) {
	var called atomic.Bool
	once := func(out []byte, err error) {
		if called.Swap(true) {
			return // a second outcome would release the place of another call
		}
		if err == nil && len(out) == 0 {
			out = []byte("null")
		}
		if err == nil {
			raw := json.RawMessage(out)
			if _, bad := codec.Of[json.RawMessage]().Append(nil, &raw); bad != nil {
				out, err = nil, fmt.Errorf("the handler of %q: %w", e.Name, bad)
			}
		}
		if left := foreign.MaxTree; err == nil || harmless(err, &left) {
			done(out, tame(err))
			return
		}
		go func() { done(nil, tame(err)) }() // ends within foreign.Limit; the caller of once must not wait for it
	}
	// guard and not Protect, which costs a goroutine for each call: a RelayFunc does not block
	guard(func() error { e.relay(ctx, data, once); return nil }, func(err error) {
		if err != nil {
			once(nil, err)
		}
	})
}
