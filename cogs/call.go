package cogs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
)

// Info tells of the call, listener, tick or task that a context belongs to.
type Info struct {
	Cog        string
	Generation uint64    // of the instance that runs
	Endpoint   string    // the route's name; empty in tasks
	Caller     string    // the client's address, or the name of the calling cog
	Dialect    string    // "ipcx", "cogbus.v1", or "local" for calls inside the bot
	Restart    bool      // in Setup: the instance before has failed
	Rollback   bool      // in Setup: the build before the one that serves is asked for
	Admin      bool      // the caller presented the admin secret, or is inside the bot
	Deadline   time.Time // when the call's time is over
}

// CallInfo returns what ctx belongs to. In a context that does not come from
// the bot it returns the zero Info. Ask while the handler runs: of a call that has
// ended it may tell the cog, the generation and the endpoint alone.
func CallInfo(ctx context.Context) Info {
	if rt, ok := ctx.Value(RuntimeKey{}).(Runtime); ok {
		return rt.Info()
	}
	return Info{}
}

// Call runs any route of the bot from inside, with the limits, deadlines and
// errors that other callers get. ctx must come from a handler, a listener, a
// task or Setup: without, if req has no form in JSON, and if the response does not fit Resp, the
// error is no *wire.Error, so that a handler which returns it has it logged and its caller gets
// [wire.Internal].
func Call[Req, Resp any](ctx context.Context, route wire.Route[Req, Resp], req Req) (Resp, error) {
	var resp Resp
	rt, ok := ctx.Value(RuntimeKey{}).(Runtime)
	if !ok {
		// no *wire.Error: nobody who calls can mend it, so it is logged
		return resp, fmt.Errorf("cogs: call of %q: the context is none that the bot gave to a cog, nor made from one; pass on that of the handler, the task or Setup", string(route))
	}
	data, err := codec.Of[Req]().Append(nil, &req)
	if err != nil {
		return resp, fmt.Errorf("cogs: call of %q: the request cannot be sent: %v", string(route), err)
	}
	out, err := rt.Call(ctx, string(route), data)
	if err != nil {
		return resp, err
	}
	var none Resp
	if err := codec.Of[Resp]().Decode(out, &resp); err != nil {
		// not the codec's bad_request, which a handler would pass on to a caller who has
		// asked for nothing bad
		why := err.Error()
		if e, ok := errors.AsType[*wire.Error](err); ok {
			why = e.Message
		}
		return none, fmt.Errorf("cogs: call of %q: the response does not fit %s: %s", string(route), reflect.TypeFor[Resp](), why)
	}
	return resp, nil
}

// RuntimeKey is the key under which contexts carry their [Runtime].
type RuntimeKey struct{}

// A Runtime is what runs an instance: package actors in the bot itself.
type Runtime interface {
	// Info tells what the context belongs to.
	Info() Info

	// Call runs a route of the bot. ctx is the caller's; out belongs to the
	// caller.
	Call(ctx context.Context, endpoint string, data []byte) (out []byte, err error)
}
