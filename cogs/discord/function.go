package discord

import (
	"context"
	"fmt"
	"reflect"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// functions are the functions that a host offers and a View calls. Requests and results are
// JSON, so that a View works in the same way if the host is in another process.
type functions struct {
	guilds   function[wire.Empty, []Guild]
	guild    function[wire.Snowflake, Guild]
	members  function[memberPage, []Member]
	member   function[memberID, Member]
	channels function[wire.Snowflake, []Channel]
	roles    function[wire.Snowflake, []Role]

	credentials function[wire.Empty, credentials]
}

// credentials are the settings that a session for REST needs. Only cogs that With has
// loaded can get them.
type credentials struct {
	Token         string `json:"token"`
	UserAgent     string `json:"user_agent"`
	Retries       int    `json:"retries"`
	WaitForLimits bool   `json:"wait_for_limits"`
}

type memberPage struct {
	Guild wire.Snowflake `json:"guild"`
	After wire.Snowflake `json:"after"`
	Limit int            `json:"limit"`
}

type memberID struct {
	Guild wire.Snowflake `json:"guild"`
	User  wire.Snowflake `json:"user"`
}

// newFunctions examines all types with reflection, which is slow. So each host and each
// View calls it once.
func newFunctions() functions {
	return functions{
		guilds:   newFunction[wire.Empty, []Guild]("discord.guilds"),
		guild:    newFunction[wire.Snowflake, Guild]("discord.guild"),
		members:  newFunction[memberPage, []Member]("discord.members"),
		member:   newFunction[memberID, Member]("discord.member"),
		channels: newFunction[wire.Snowflake, []Channel]("discord.channels"),
		roles:    newFunction[wire.Snowflake, []Role]("discord.roles"),

		credentials: newFunction[wire.Empty, credentials]("discord.credentials"),
	}
}

type function[Req, Resp any] struct {
	name    string
	in, out codec.Codec
}

func newFunction[Req, Resp any](name string) function[Req, Resp] {
	return function[Req, Resp]{name, codec.Of[Req](), codec.Of[Resp]()}
}

// call runs the function at the host. Errors of the host are returned unchanged.
func (f *function[Req, Resp]) call(ctx context.Context, host instance.Host, req Req) (Resp, error) {
	var resp, none Resp
	if host == nil {
		return none, wire.Errorf(wire.Unavailable, "this View was not made by discord.From")
	}
	data, err := f.in.Append(nil, &req)
	if err != nil {
		return none, err
	}
	out, err := host.Call(ctx, f.name, data)
	if err != nil {
		return none, err
	}
	if err := f.out.Decode(out, &resp); err != nil { // no *wire.Error, as in cogs.Call
		return none, fmt.Errorf("discord: the result of %s does not fit %s: %s", f.name, reflect.TypeFor[Resp](), err.Error()) // not wrapped: its bad_request is not the caller's
	}
	return resp, nil
}

// serve returns a function on JSON text that calls h, for a host.
func (f *function[Req, Resp]) serve(h func(Req) (Resp, error)) func(data []byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) {
		var req Req
		if err := f.in.Decode(data, &req); err != nil {
			return nil, err
		}
		resp, err := h(req)
		if err != nil {
			return nil, err
		}
		return f.out.Append(nil, &resp)
	}
}
