package cogs

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
)

// RouteOptions say how one route is served. The zero value is what Handle does.
type RouteOptions[Req any] struct {
	// Timeout bounds the handler. If zero, that of the cog.
	Timeout time.Duration

	// Serial makes the route run one call at a time, in order of arrival. As with
	// [Cog.Serial], calls that a handler itself makes into the route do not wait
	// for it, and two that it makes at once run beside each other.
	Serial bool

	// Key, if set, makes calls of equal key run one at a time, in order of
	// arrival, and calls of different keys in parallel. It must be quick and
	// must not block: it runs on the goroutine that will run the call, and calls
	// behind it wait for their place, for a moment. An empty key is a key. Calls
	// that a handler itself makes go as with Serial. Key together with Serial or
	// MaxInFlight panics: each key has one call at a time already.
	Key func(Req) string

	// MaxInFlight bounds the calls of this route that run at once; more wait
	// for their turn. If zero, only the cog's limit counts.
	MaxInFlight int

	// MaxWaiting bounds the calls of this route that wait for their turn.
	// More are refused as overloaded. If zero, only the cog's limit counts.
	MaxWaiting int
}

// Handle makes h answer calls of route, concurrently. The context of a call is
// done when its caller gives up or is gone, when its time is over, or when the
// cog is unloaded or replaced and does not drain in time.
//
// A *wire.Error that h returns goes to the caller as it is. Any other error and
// every panic is logged and reaches the caller as [wire.Internal] without its
// text. Handle panics if the instance has a route of that name.
func Handle[Req, Resp any](r *Registrar, route wire.Route[Req, Resp], h func(ctx context.Context, req Req) (Resp, error)) {
	HandleWith(r, route, RouteOptions[Req]{}, h)
}

// HandleWith is Handle with options.
func HandleWith[Req, Resp any](r *Registrar, route wire.Route[Req, Resp], o RouteOptions[Req], h func(ctx context.Context, req Req) (Resp, error)) {
	r.claim("route", string(route))
	if h == nil {
		panic(fmt.Sprintf("cogs: route %q of cog %q has no handler", string(route), r.cog.Name))
	}
	if o.MaxInFlight < 0 || o.MaxWaiting < 0 || o.Timeout < 0 {
		panic(fmt.Sprintf("cogs: route %q of cog %q has a negative limit", string(route), r.cog.Name))
	}
	if o.Key != nil && (o.Serial || o.MaxInFlight > 0) {
		panic(fmt.Sprintf("cogs: route %q of cog %q has a Key, and Serial or MaxInFlight: each key has one call at a time already", string(route), r.cog.Name))
	}
	in, out := codec.Of[Req](), codec.Of[Resp]()
	e := &Endpoint{
		Name:        string(route),
		Timeout:     o.Timeout,
		MaxInFlight: o.MaxInFlight,
		MaxWaiting:  o.MaxWaiting,
	}
	if o.Serial {
		e.MaxInFlight = 1
	}
	if e.Timeout == 0 {
		e.Timeout = r.cog.Timeout
	}
	// one allocation for both, since both escape into the JSON library
	type exchange struct {
		req  Req
		resp Resp
	}
	run := func(ctx context.Context, x *exchange, dst []byte) ([]byte, error) {
		var err error
		if x.resp, err = h(ctx, x.req); err != nil {
			return dst, err
		}
		return out.Append(dst, &x.resp)
	}
	// no code of the types' own has seen where a flat value is: it is used again
	var used *sync.Pool
	if in.Flat() && out.Flat() {
		used = &sync.Pool{New: func() any { return new(exchange) }}
	}
	e.serve = func(ctx context.Context, data, dst []byte) ([]byte, error) {
		var x *exchange
		if used == nil {
			x = new(exchange)
		} else {
			x = used.Get().(*exchange)
			defer func() {
				*x = exchange{}
				used.Put(x)
			}()
		}
		if err := in.Decode(data, &x.req); err != nil {
			return dst, err
		}
		return run(ctx, x, dst)
	}
	if o.Key != nil {
		e.prepare = func(data []byte) (string, serveFunc, error) {
			x := new(exchange)
			if err := in.Decode(data, &x.req); err != nil {
				return "", nil, err
			}
			return o.Key(x.req), func(ctx context.Context, _, dst []byte) ([]byte, error) { return run(ctx, x, dst) }, nil
		}
	}
	r.endpoints = append(r.endpoints, e)
}

type serveFunc func(ctx context.Context, data, dst []byte) ([]byte, error)

// An Endpoint is a route, a listener or a tick of an instance, as a runtime
// sees it. It may be served by several goroutines at once.
type Endpoint struct {
	Name        string
	Timeout     time.Duration // 0: the default
	MaxInFlight int           // how many may run at once; 0: as many as the cog may
	MaxWaiting  int           // how many may wait for that; 0: as many as the cog may

	relay   RelayFunc // instead of the others
	serve   serveFunc
	prepare func(data []byte) (key string, serve serveFunc, err error)
}

// Serve decodes data, runs the handler and appends the encoded result to dst. A
// panic becomes a *[Panic]. Serve does not return if the handler calls
// runtime.Goexit. The handler does not keep data.
func (e *Endpoint) Serve(ctx context.Context, data, dst []byte) (out []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = dst, newPanic(v, debug.Stack())
		}
	}()
	out, err = e.serve(ctx, data, dst)
	return out, tame(err)
}

// Keyed reports whether calls run in order for each key: such a call is
// prepared first and the prepared endpoint is served.
func (e *Endpoint) Keyed() bool { return e.prepare != nil }

// Prepare decodes data and returns its key, and the endpoint to serve in place
// of e, without data.
func (e *Endpoint) Prepare(data []byte) (key string, prepared *Endpoint, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = newPanic(v, debug.Stack())
		}
	}()
	key, serve, err := e.prepare(data)
	if err != nil {
		return "", nil, tame(err)
	}
	return key, &Endpoint{Name: e.Name, Timeout: e.Timeout, serve: serve}, nil
}

// A Panic is the error of a handler, a task or a Setup that panicked.
type Panic struct {
	Value any    // what was passed to panic
	Stack []byte // where, as runtime/debug.Stack returns it

	text string // of Value, asked when the panic was recovered
}

// Error returns the text of the value, clipped if it is long; the stack is for the
// log. Of a value that is neither an error, nor a fmt.Stringer, nor a text or a number
// it is the type. A value that is an error is not in p's tree: a panic is never an
// answer.
func (p *Panic) Error() string {
	if p.text != "" {
		return "panic: " + p.text
	}
	return "panic: " + textOf(p.Value)
}
