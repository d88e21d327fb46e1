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
	// Addr is where Run listens. If empty, "localhost:8765", as the Python
	// package. Port 0 takes any free port.
	Addr string

	// Discovery is where Run answers the Python package's clients that ask for
	// the port of Addr. If empty, "localhost:20000"; if "-", nowhere.
	Discovery string

	// Secret is what callers must know.
	Secret string

	// PreviousSecret, if set, is accepted too: change secrets by moving the
	// old one here until every caller has the new one.
	PreviousSecret string

	// AdminSecret is what loading, unloading, reloading and killing cogs takes. Its
	// holder may call every other route too. If empty, nobody may do these
	// from outside.
	AdminSecret string

	// Insecure lets a server without a secret listen on TCP. Every process
	// that reaches the port may then call every route.
	Insecure bool

	// Origins are the values of the Origin header that are let in, such as
	// "https://dash.example.org". Requests without one are not from a browser
	// and need no entry. If empty, browsers are refused.
	Origins []string

	// MaxConnections bounds the connections. If zero, 20,000.
	MaxConnections int

	// MaxCalls bounds the calls in flight on one cogbus.v1 connection. If
	// zero, 256.
	MaxCalls int

	// MaxMessage bounds the messages of both directions in bytes. If zero,
	// 4,194,303, as the Python package.
	MaxMessage int

	// ShutdownTimeout is how long Run and Close wait for calls in flight. If
	// zero, 10 seconds.
	ShutdownTimeout time.Duration

	// Logger receives what the operator should know. It never gets secrets or
	// the data of requests. If nil, slog.Default().
	Logger *slog.Logger

	// OnReady, if set, is called with Addr when Run has bound all its ports, before the
	// first client is answered.
	OnReady func(addr string)

	// OnError, if set, is called for every call that fails, with the error
	// that the caller may not see: for one after the other, on a goroutine of its
	// own. If it does not keep up, it is not told of some, which the log says.
	OnError func(Failure)
}

// A Failure is a call that failed.
type Failure struct {
	Endpoint string
	Caller   string    // the client's address, or the name of the calling cog
	Code     wire.Code // what the caller got
	Err      error     // the real error
}

// onFailure returns OnError as the router calls it, nil if there is none.
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

// Defaults that belong to no Options field.
const (
	defaultDrain = 5 * time.Second
	drainGrace   = time.Second      // for handlers to return once cancelled
	authTimeout  = 30 * time.Second // for a client to authenticate
)

// keys returns what opens the server.
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
