package cogs

import (
	"context"
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
// task or Setup.
func Call[Req, Resp any](ctx context.Context, route wire.Route[Req, Resp], req Req) (Resp, error) {
	var resp Resp
	rt := instance.RuntimeOf(ctx)
	if rt == nil {
		return resp, wire.Errorf(wire.Unavailable, "call %s: the context is not one that the bot gave to a cog", route)
	}
	data, err := codec.Of[Req]().Append(nil, &req)
	if err != nil {
		return resp, wire.Errorf(wire.BadRequest, "call %s: %v", route, err)
	}
	out, err := rt.Call(ctx, string(route), data)
	if err != nil {
		return resp, err
	}
	err = codec.Of[Resp]().Decode(out, &resp)
	return resp, err
}
