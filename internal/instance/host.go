package instance

import (
	"context"
)

// A Host gives a cog functions and events that are no routes of the bot: those of Discord,
// in most bots. Functions and events have names, and their data is bytes. Package discord
// makes a Host from a session; in a cog that runs as a process, the Host is the connection
// to the bot.
//
// Hosts are compared with ==: two equal Hosts deliver the same events. Several goroutines
// may use a Host at once.
type Host interface {
	// Call runs a function of the host and returns its result.
	Call(ctx context.Context, name string, data []byte) ([]byte, error)

	// Subscribe delivers the events of that name until cancel is called. The host calls
	// deliver once for each event, in the order of the events. deliver does not block and
	// does not keep data.
	Subscribe(event string, deliver func(data []byte)) (cancel func())
}

// Host returns the Host of the cog, or nil if it has none.
func (r *Recorder) Host() Host { return r.host }

// SetHost sets the Host of the cog. A function that wraps the cog's Setup calls SetHost
// before that Setup.
func (r *Recorder) SetHost(host Host) { r.host = host }

// A Listener is an event of a host that an instance handles.
type Listener struct {
	Host     Host
	Event    string
	Endpoint *Endpoint
}

// Listen records h as a listener: from its activation on, the instance gets the events of
// that name from host. Packages such as discord build typed listeners with it.
//
// Each event is a call of the cog, with the cog's limits. Events of equal key run in order,
// across all listeners of the instance; events of different keys run in parallel. The bot
// logs the errors and panics of h. key and h must not change data, since the other
// listeners of the instance get the same bytes.
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
