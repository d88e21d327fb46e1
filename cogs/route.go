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

// RouteOptions say how the bot serves one route. The zero value gives the behaviour of
// Handle.
type RouteOptions[Req any] struct {
	// Timeout is the time limit of each call, from its arrival on: waiting for a turn
	// counts. If zero, Cog.Timeout applies.
	Timeout time.Duration

	// Serial makes the route run one call at a time, in order of arrival. The exceptions of
	// [Cog.Serial] hold for the route: a call that a handler itself makes into the route
	// does not wait for it, and two such calls at once run at the same time.
	Serial bool

	// Key, if set, returns the key of a call. Calls of equal key run one at a time, in
	// order of arrival; calls of different keys run in parallel. The empty key is a key
	// like others. Calls that a handler itself makes are exempt as with Serial.
	//
	// Key must be quick and must not block, since later calls wait for it, for up to 100
	// milliseconds. It may run on several goroutines at once. HandleWith panics if Key is
	// set together with Serial or MaxInFlight, since each key already has only one call at
	// a time.
	Key func(Req) string

	// MaxInFlight is the most calls of this route that may run at once; further calls wait
	// for their turn. If zero, only Cog.MaxInFlight limits them.
	MaxInFlight int

	// MaxWaiting is the most calls of this route that may wait for their turn. The bot
	// rejects further calls with the code overloaded. If zero, only Cog.MaxInFlight limits
	// them.
	MaxWaiting int
}

// Handle makes h answer the calls of route. Calls run concurrently. h owns req. The bot
// encodes the response after h has returned, so no goroutine may change memory that the
// response still refers to.
//
// The context of a call is done when its caller gives up or disconnects, when the time
// limit is over, or when a reload or unload cancels the calls that did not end within
// DrainTimeout.
//
// If h returns a *wire.Error, the caller gets it unchanged. If h returns any other error or
// panics, the bot logs that, and the caller gets [wire.Internal] without the text. Handle
// panics, which fails the Setup, if h is nil, if the instance already has a route of that
// name, or if the name is empty or longer than 256 bytes.
func Handle[Req, Resp any](r *Registrar, route wire.Route[Req, Resp], h func(ctx context.Context, req Req) (Resp, error)) {
	HandleWith(r, route, RouteOptions[Req]{}, h)
}

// HandleWith is Handle with options. It also panics if a limit is negative.
func HandleWith[Req, Resp any](r *Registrar, route wire.Route[Req, Resp], o RouteOptions[Req], h func(ctx context.Context, req Req) (Resp, error)) {
	cog := r.recorder().Cog()
	if h == nil {
		panic(fmt.Sprintf("cogs: route %q of cog %q has no handler", string(route), cog))
	}
	if o.MaxInFlight < 0 || o.MaxWaiting < 0 || o.Timeout < 0 {
		panic(fmt.Sprintf("cogs: route %q of cog %q has a negative limit", string(route), cog))
	}
	if o.Key != nil && (o.Serial || o.MaxInFlight > 0) {
		panic(fmt.Sprintf("cogs: route %q of cog %q has a Key, and Serial or MaxInFlight: each key already has only one call at a time", string(route), cog))
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
	// one allocation for both values, since the JSON library makes both escape to the heap
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
	// A flat type has no methods of its own that could have kept a pointer to the value, so
	// the memory may be used again.
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

// A Panic is the error of a handler, a task or a Setup that has panicked. Its field Value,
// of type any, is the argument of panic; its field Stack, a []byte, is the stack of the
// goroutine that panicked, in the form of runtime/debug.Stack.
type Panic = instance.Panic
