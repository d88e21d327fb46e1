package instance

import (
	"context"
)

// A Host is what a cog gets from outside the bot's routes, by name and as
// bytes: Discord, in most bots. Package discord makes one from a session; in a
// cog that runs as a process it is the link to the bot. Hosts are compared with
// ==: two equal ones deliver the same events. Several goroutines may use a Host
// at once.
type Host interface {
	// Call runs a function of the host and returns its result.
	Call(ctx context.Context, name string, data []byte) ([]byte, error)

	// Subscribe delivers the events of that name until cancel is called. The
	// host calls deliver in the order of the events; deliver does not block
	// and does not keep data.
	Subscribe(event string, deliver func(data []byte)) (cancel func())
}

// Host returns the Host that the cog was given, nil if none.
func (r *Recorder) Host() Host { return r.host }

// SetHost gives the cog a host. A function that wraps the cog's Setup does so before it.
func (r *Recorder) SetHost(host Host) { r.host = host }

// A Listener is an event that an instance listens to.
type Listener struct {
	Host     Host
	Event    string
	Endpoint *Endpoint
}

// Listen records h as a listener: the instance gets the events of that name
// which host delivers, from its activation on. Each is a call of the cog, with
// its limits; events of equal key run in order, whichever listeners of the
// instance they are for, and others in parallel. Errors and
// panics of h are logged. key and h do not change data, which other listeners of the
// instance get too. Packages such as discord build typed listeners on it.
func (r *Recorder) Listen(host Host, event string, key func(data []byte) string, h func(ctx context.Context, data []byte) error) {
	r.record("Listen")
	r.need("Listen", key != nil && h != nil)
	r.needHost("Listen", host)
	e := &Endpoint{Name: "event " + event, Timeout: r.cog.Timeout}
	e.Run = func(ctx context.Context, data, dst []byte) ([]byte, error) { return dst, h(ctx, data) }
	e.FindKey = func(data []byte) (string, ServeFunc, error) {
		return key(data), func(ctx context.Context, _, dst []byte) ([]byte, error) { return dst, h(ctx, data) }, nil
	}
	r.listeners = append(r.listeners, Listener{Host: host, Event: event, Endpoint: e})
}
