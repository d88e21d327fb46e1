package cogs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
)

// A RelayFunc passes a call or an event on to where its handler is, another
// process for instance. It does not block and does not keep data. It calls done
// once, before it returns or later, from any goroutine: also when ctx has ended
// meanwhile, since the call is in flight until its handler has returned. done
// does not keep out, which is JSON text.
type RelayFunc func(ctx context.Context, data []byte, done func(out []byte, err error))

// Relay records that f answers calls of an endpoint. The calls are passed to f in
// the order in which they are admitted; whoever is behind f runs them
// concurrently or in turn. A timeout of zero is that of the cog.
func (r *Registrar) Relay(endpoint string, timeout time.Duration, f RelayFunc) {
	r.claim("route", endpoint)
	r.need("Relay", f != nil)
	r.needTimeout("Relay", timeout)
	r.endpoints = append(r.endpoints, &Endpoint{Name: endpoint, Timeout: timeout, relay: f})
}

// RelayEvents records f as a listener, as Listen does, that passes events on. A
// timeout of zero is that of the cog.
func (r *Registrar) RelayEvents(host Host, event string, timeout time.Duration, f RelayFunc) {
	r.record("RelayEvents")
	r.need("RelayEvents", f != nil)
	r.needTimeout("RelayEvents", timeout)
	r.needHost("RelayEvents", host)
	e := &Endpoint{Name: "event " + event, Timeout: timeout, relay: f}
	r.listeners = append(r.listeners, Listener{Host: host, Event: event, Endpoint: e})
}

// RelayTicks records f as what runs each interval, as Every does, and passes that
// on. A timeout of zero is that of the cog.
func (r *Registrar) RelayTicks(interval, timeout time.Duration, f RelayFunc) {
	r.record("RelayTicks")
	r.need("RelayTicks", f != nil)
	r.needTimeout("RelayTicks", timeout)
	if interval <= 0 {
		panic(fmt.Sprintf("cogs: RelayTicks(%v) of cog %q: the interval must be positive", interval, r.cog.Name))
	}
	e := &Endpoint{Name: fmt.Sprintf("every %v", interval), Timeout: timeout, relay: f}
	r.ticks = append(r.ticks, tick{interval, e})
}

// Watch records a task like Go, for a task that touches nothing of what the cog
// keeps: it does not keep a cog's state from being saved while the cog serves.
func (r *Registrar) Watch(f func(ctx context.Context) error) {
	r.record("Watch")
	r.need("Watch", f != nil)
	r.watches = append(r.watches, f)
}

// Kill records f to end by force what does not end in time: the process, say, that
// the handlers run in. When f has returned, the relayed calls, the ticks and the
// tasks of the instance end by themselves. The cleanups run afterwards as usual.
func (r *Registrar) Kill(f func()) {
	r.record("Kill")
	r.need("Kill", f != nil)
	r.kills = append(r.kills, f)
}

// Kill runs what [Registrar.Kill] has recorded, once and beside all that runs of
// the instance, and reports whether there was anything. If ctx ends before, the error
// is [ErrLeftBehind].
func (i *Instance) Kill(ctx context.Context) (killed bool, err error) {
	select {
	case <-i.setup:
	default:
		return false, nil // it may still record some
	}
	if len(i.r.kills) == 0 {
		return false, nil
	}
	if i.killed == nil {
		i.killed = begin(i.kill)
		// both it and the errands before it: it does not wait for them
		i.errands = begin(func() error { return nil }, i.errands, i.killed.ended).ended
	}
	if !i.killed.wait(ctx) {
		return true, ErrLeftBehind
	}
	return true, i.killed.err
}

func (i *Instance) kill() error {
	var errs []error
	for _, f := range i.r.kills {
		if err := Protect(func() error { f(); return nil }); err != nil {
			errs = append(errs, fmt.Errorf("kill: %w", err))
		}
	}
	return errors.Join(errs...)
}

// ErrEnded is what a function of [Registrar.KeepFunc] that saves returns when what
// it would save has ended, with the process that had it. A reload then goes on
// with what was saved last.
var ErrEnded = errors.New("what ran of the cog has ended")

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
