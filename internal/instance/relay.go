package instance

import (
	"context"
	"fmt"
	"time"
)

// Relay records that f answers calls of an endpoint. The bot passes the calls to f in the
// order in which it admits them; the receiver behind f decides whether they run
// concurrently or one at a time. If timeout is zero, Cog.Timeout applies.
func (r *Recorder) Relay(endpoint string, timeout time.Duration, f RelayFunc) {
	r.claim("route", endpoint)
	r.need("Relay", f != nil)
	r.needTimeout("Relay", timeout)
	r.endpoints = append(r.endpoints, &Endpoint{Name: endpoint, Timeout: timeout, relay: f})
}

// RelayEvents records f as a listener that passes events on; see Listen. If timeout is
// zero, Cog.Timeout applies.
func (r *Recorder) RelayEvents(host Host, event string, timeout time.Duration, f RelayFunc) {
	r.record("RelayEvents")
	r.need("RelayEvents", f != nil)
	r.needTimeout("RelayEvents", timeout)
	r.needHost("RelayEvents", host)
	e := &Endpoint{Name: "event " + event, Timeout: timeout, relay: f}
	r.listeners = append(r.listeners, Listener{Host: host, Event: event, Endpoint: e})
}

// RelayTicks records f as a function that passes ticks on, one per interval; see Every. If
// timeout is zero, Cog.Timeout applies.
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

// Watch records a task like Go. The task must not touch the values that the cog keeps: the
// bot then saves them while the cog serves and the task runs.
func (r *Recorder) Watch(f func(ctx context.Context) error) {
	r.record("Watch")
	r.need("Watch", f != nil)
	r.watches = append(r.watches, f)
}

// Kill records f to end by force the code of the instance that does not end in time, for
// example by killing the process that the handlers run in. When f has returned, the relayed
// calls, the ticks and the tasks of the instance must end without further help. The
// cleanups run afterwards as usual.
func (r *Recorder) Kill(f func()) {
	r.record("Kill")
	r.need("Kill", f != nil)
	r.kills = append(r.kills, f)
}
