package cogs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/instance"
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
	cog := r.recorder().Cog()
	if h == nil {
		panic(fmt.Sprintf("cogs: route %q of cog %q has no handler", string(route), cog))
	}
	if o.MaxInFlight < 0 || o.MaxWaiting < 0 || o.Timeout < 0 {
		panic(fmt.Sprintf("cogs: route %q of cog %q has a negative limit", string(route), cog))
	}
	if o.Key != nil && (o.Serial || o.MaxInFlight > 0) {
		panic(fmt.Sprintf("cogs: route %q of cog %q has a Key, and Serial or MaxInFlight: each key has one call at a time already", string(route), cog))
	}
	in, out := codec.Of[Req](), codec.Of[Resp]()
	e := &instance.Endpoint{
		Name:        string(route),
		Timeout:     o.Timeout,
		MaxInFlight: o.MaxInFlight,
		MaxWaiting:  o.MaxWaiting,
	}
	if o.Serial {
		e.MaxInFlight = 1
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
	e.Run = func(ctx context.Context, data, dst []byte) ([]byte, error) {
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
		e.FindKey = func(data []byte) (string, instance.ServeFunc, error) {
			x := new(exchange)
			if err := in.Decode(data, &x.req); err != nil {
				return "", nil, err
			}
			return o.Key(x.req), func(ctx context.Context, _, dst []byte) ([]byte, error) { return run(ctx, x, dst) }, nil
		}
	}
	r.recorder().Route(e)
}

// A Panic is the error of a handler, a task or a Setup that panicked. Its field Value
// is the argument of panic, of type any; its field Stack, a []byte, tells where that
// was, as runtime/debug.Stack does.
type Panic = instance.Panic
