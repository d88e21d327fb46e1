package instance

import (
	"context"
	"fmt"
	"time"
)

// Relay records that f answers calls of an endpoint. The calls are passed to f in
// the order in which they are admitted; whoever is behind f runs them
// concurrently or in turn. A timeout of zero is that of the cog.
func (r *Recorder) Relay(endpoint string, timeout time.Duration, f RelayFunc) {
	r.claim("route", endpoint)
	r.need("Relay", f != nil)
	r.needTimeout("Relay", timeout)
	r.endpoints = append(r.endpoints, &Endpoint{Name: endpoint, Timeout: timeout, relay: f})
}

// RelayEvents records f as a listener, as Listen does, that passes events on. A
// timeout of zero is that of the cog.
func (r *Recorder) RelayEvents(host Host, event string, timeout time.Duration, f RelayFunc) {
	r.record("RelayEvents")
	r.need("RelayEvents", f != nil)
	r.needTimeout("RelayEvents", timeout)
	r.needHost("RelayEvents", host)
	e := &Endpoint{Name: "event " + event, Timeout: timeout, relay: f}
	r.listeners = append(r.listeners, Listener{Host: host, Event: event, Endpoint: e})
}

// RelayTicks records f as what runs each interval, as Every does, and passes that
// on. A timeout of zero is that of the cog.
func (r *Recorder) RelayTicks(interval, timeout time.Duration, f RelayFunc) {
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
func (r *Recorder) Watch(f func(ctx context.Context) error) {
	r.record("Watch")
	r.need("Watch", f != nil)
	r.watches = append(r.watches, f)
}

// Kill records f to end by force what does not end in time: the process, say, that
// the handlers run in. When f has returned, the relayed calls, the ticks and the
// tasks of the instance end by themselves. The cleanups run afterwards as usual.
func (r *Recorder) Kill(f func()) {
	r.record("Kill")
	r.need("Kill", f != nil)
	r.kills = append(r.kills, f)
}
