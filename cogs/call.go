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

// Info describes the call that a context belongs to: the call of a handler, a listener or a
// tick. In Setup and in a task, Cog and Generation name the cog and its instance, and the
// cog is its own caller.
type Info struct {
	Cog        string
	Generation uint64    // the number of the instance that runs
	Endpoint   string    // the name of the route; empty in tasks and in Setup
	Caller     string    // the client's address, or the name of the calling cog
	Client     string    // the name that a cogbus.v1 client gives itself, unverified; empty for other callers
	Dialect    string    // "ipcx", "cogbus.v1", or "local" for calls inside the bot
	Admin      bool      // the caller has presented the admin secret, or runs inside the bot
	Deadline   time.Time // the time at which the call ends with an error; zero in tasks
}

// CallInfo returns the Info of ctx. If ctx does not come from the bot, CallInfo returns the
// zero Info. Call it while the handler runs: for a call that has ended it may set only Cog,
// Generation and Endpoint. Several goroutines may call it at once.
func CallInfo(ctx context.Context) Info {
	if rt := instance.RuntimeOf(ctx); rt != nil {
		return Info(rt.Info())
	}
	return Info{}
}

// Call runs any route of the bot from inside the bot, with the limits, deadlines and errors
// that other callers get. ctx must come from a handler, a listener, a task or Setup.
// Several goroutines may call it at once. Call does not keep req, and the response belongs
// to the caller.
//
// An error of the route is a *wire.Error. In these cases the error is no *wire.Error, so
// that a handler which returns it has it logged, and its own caller gets [wire.Internal]:
//   - ctx does not come from the bot;
//   - req cannot be encoded as JSON;
//   - the response does not fit Resp.
func Call[Req, Resp any](ctx context.Context, route wire.Route[Req, Resp], req Req) (Resp, error) {
	var resp Resp
	rt := instance.RuntimeOf(ctx)
	if rt == nil {
		// no *wire.Error: only the cog's author can correct this, so the bot must log it
		return resp, fmt.Errorf("cogs: call of %q: the context does not come from the bot; pass the context of the handler, the task or Setup, or one made from it", string(route))
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
		// The codec's bad_request would blame the caller of this handler, if the handler
		// returned it; but that caller's request was good.
		why := err.Error()
		if e, ok := errors.AsType[*wire.Error](err); ok {
			why = e.Message
		}
		return none, fmt.Errorf("cogs: call of %q: the response does not fit %s: %s", string(route), reflect.TypeFor[Resp](), why)
	}
	return resp, nil
}
