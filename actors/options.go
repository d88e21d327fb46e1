package actors

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/cogbus/cogbus/internal/dialect"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// Options configures a Server. The zero value is ready to use in memory; to
// listen on TCP a server needs a Secret, or Insecure.
type Options struct {
	// Addr is the address on which Run listens. If empty, "localhost:8765", as for the
	// Python package. Port 0 takes any free port.
	Addr string

	// Discovery is the address on which Run tells the Python package's clients the port
	// of Addr. If empty, "localhost:20000"; if "-", Run does not.
	Discovery string

	// Secret is the secret of callers. A caller must prove that it knows it.
	Secret string

	// PreviousSecret, if set, is accepted too: change secrets by moving the
	// old one here until every caller has the new one.
	PreviousSecret string

	// AdminSecret is the secret for loading, unloading, reloading and killing cogs. A
	// caller with it may call every other route too. If empty, these routes are closed
	// to callers from outside. Run and Serve refuse to start if it is set without
	// Secret, or equals a secret of callers.
	AdminSecret string

	// Insecure lets a server without a secret listen on TCP. Every process
	// that reaches the port may then call every route.
	Insecure bool

	// Origins are the allowed values of the Origin header, such as
	// "https://dash.example.org". Requests without the header are not from a browser
	// and are always allowed. If empty, browsers are refused.
	Origins []string

	// MaxConnections bounds the connections. If zero, 20,000.
	MaxConnections int

	// MaxCalls bounds the calls in flight on one cogbus.v1 connection. If
	// zero, 256.
	MaxCalls int

	// MaxMessage bounds the size of a message in either direction, in bytes. If zero,
	// 4,194,303, as for the Python package.
	MaxMessage int

	// ShutdownTimeout is the time in which Close ends the server in order, and in which
	// Serve lets its clients leave. Calls and cogs that take longer are cut short. If
	// zero, 10 seconds.
	ShutdownTimeout time.Duration

	// Logger receives messages for the operator. It never gets secrets or the data of
	// requests. If nil, slog.Default().
	Logger *slog.Logger

	// OnReady, if set, is called with Addr when Run has bound all its ports, before the
	// first client is answered.
	OnReady func(addr string)

	// OnError, if set, is called for every call that fails, with the error that the
	// caller may not see. Calls of OnError come one after the other, on a goroutine of
	// their own. If OnError is too slow, some failures are left out, and the log says
	// so.
	OnError func(Failure)
}

// A Failure is a call that failed.
type Failure struct {
	Endpoint string
	Caller   string    // the client's address, or the name of the calling cog
	Code     wire.Code // the code for the caller
	Err      error     // the whole error
}

// onFailure returns OnError in the form of the router, nil if there is none.
func (o *Options) onFailure() func(endpoint, caller string, code wire.Code, err error) {
	if o.OnError == nil {
		return nil
	}
	return func(endpoint, caller string, code wire.Code, err error) {
		o.OnError(Failure{Endpoint: endpoint, Caller: caller, Code: code, Err: err})
	}
}

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	d.Addr = cmp.Or(d.Addr, "localhost:8765")
	d.Discovery = cmp.Or(d.Discovery, "localhost:20000")
	d.MaxConnections = cmp.Or(d.MaxConnections, 20_000)
	d.MaxCalls = cmp.Or(d.MaxCalls, 256)
	d.MaxMessage = cmp.Or(d.MaxMessage, protocol.MaxMessage)
	d.ShutdownTimeout = cmp.Or(d.ShutdownTimeout, 10*time.Second)
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return d
}

// Limits without an Options field.
const (
	defaultDrain = 5 * time.Second
	drainGrace   = time.Second      // for handlers to return after they were cancelled
	authTimeout  = 30 * time.Second // for a client to authenticate
)

// credentials returns the secrets of clients, and the rights of each.
func (o *Options) credentials() []dialect.Credential {
	var list []dialect.Credential
	for _, s := range []string{o.Secret, o.PreviousSecret} {
		if s != "" {
			list = append(list, dialect.Credential{Secret: s})
		}
	}
	if o.AdminSecret != "" {
		list = append(list, dialect.Credential{Secret: o.AdminSecret, Admin: true})
	}
	return list
}
