package cogs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// Info tells of the call that a context belongs to: that of a handler, a listener or
// a tick. In a task, and in Setup, it names the cog, its generation, and the cog as its
// own caller.
type Info struct {
	Cog        string
	Generation uint64    // of the instance that runs
	Endpoint   string    // the route's name; empty in tasks and in Setup
	Caller     string    // the client's address, or the name of the calling cog
	Client     string    // the name that a cogbus.v1 client gives itself, which proves nothing; else empty
	Dialect    string    // "ipcx", "cogbus.v1", or "local" for calls inside the bot
	Admin      bool      // the caller presented the admin secret, or is inside the bot
	Deadline   time.Time // when the call's time is over
}

// CallInfo returns what ctx belongs to. In a context that does not come from
// the bot it returns the zero Info. Ask while the handler runs: of a call that has
// ended it may tell the cog, the generation and the endpoint alone.
func CallInfo(ctx context.Context) Info {
	if rt := instance.RuntimeOf(ctx); rt != nil {
		return Info(rt.Info())
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
	rt := instance.RuntimeOf(ctx)
	if rt == nil {
		// no *wire.Error: the caller cannot mend it, so it is logged
		return resp, fmt.Errorf("cogs: call of %q: the context is none that the bot gave to a cog, nor made from one; pass on that of the handler, the task or Setup", string(route))
	}
	data, err := codec.Of[Req]().Append(nil, &req)
	if err != nil {
		return resp, fmt.Errorf("cogs: call of %q: the request cannot be sent: %s", string(route), err.Error()) // not wrapped: it is not the response that JSON cannot hold
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
