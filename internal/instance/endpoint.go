package instance

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
)

// An Endpoint is a route, a listener or a tick of an instance. Several goroutines may
// serve it at once. Package cogs, and the Recorder, make it.
type Endpoint struct {
	Name        string
	Timeout     time.Duration // 0: the default
	MaxInFlight int           // how many may run at once; 0: as many as the cog may
	MaxWaiting  int           // how many may wait for that; 0: as many as the cog may

	// Run serves one call; see Serve.
	Run ServeFunc

	// FindKey, if set, decodes data and returns the key of the call, and the function
	// that serves the call without data; see Prepare.
	FindKey func(data []byte) (key string, run ServeFunc, err error)

	relay RelayFunc // instead of the others
}

// A ServeFunc decodes data, runs a handler and appends the encoded result to dst.
type ServeFunc func(ctx context.Context, data, dst []byte) ([]byte, error)

// A RelayFunc passes a call or an event on to where its handler is, another
// process for instance. It does not block and does not keep data. It calls done
// once, before it returns or later, from any goroutine: also when ctx has ended
// meanwhile, since the call is in flight until its handler has returned. done
// does not keep out, which is JSON text.
type RelayFunc func(ctx context.Context, data []byte, done func(out []byte, err error))

// Serve decodes data, runs the handler and appends the encoded result to dst. A
// panic becomes a *[Panic]. Serve does not return if the handler calls
// runtime.Goexit. The handler does not keep data.
func (e *Endpoint) Serve(ctx context.Context, data, dst []byte) (out []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = dst, newPanic(v, debug.Stack())
		}
	}()
	out, err = e.Run(ctx, data, dst)
	return out, tame(err)
}

// Keyed reports whether calls run in order for each key: such a call is
// prepared first and the prepared endpoint is served.
func (e *Endpoint) Keyed() bool { return e.FindKey != nil }

// Prepare decodes data and returns its key, and the endpoint to serve in place
// of e, without data.
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

// Relayed reports whether the endpoint's handler is elsewhere: then Relay serves
// it, and Serve does not.
func (e *Endpoint) Relayed() bool { return e.relay != nil }

// Relay passes a call on. done is called once, with JSON text or an error.
func (e *Endpoint) Relay(ctx context.Context, data []byte, done func(out []byte, err error)) {
	var called atomic.Bool
	once := func(out []byte, err error) {
		if called.Swap(true) {
			return // a second outcome would free a place that is not taken
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
		if left := maxTree; err == nil || harmless(err, &left) {
			done(out, tame(err))
			return
		}
		go func() { done(nil, tame(err)) }() // ends soon: tame has a limit; who calls once must not wait
	}
	// not Protect: f does not block, and is called for each call
	guard(func() error { e.relay(ctx, data, once); return nil }, func(err error) {
		if err != nil {
			once(nil, err)
		}
	})
}
