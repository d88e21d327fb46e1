package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// A fixture has the cogs of the bot with which the dialogues were recorded: the routes of
// testdata/python/peer_server.py.
type fixture struct{ *events }

// cogs returns all cogs of the fixture.
func (f fixture) cogs() []cogs.Cog {
	return append(f.everywhere(), f.instance())
}

// everywhere returns the cogs whose routes the Python package keeps in a table of
// the process, so that every server has them.
func (f fixture) everywhere() []cogs.Cog {
	return []cogs.Cog{
		f.oracle(),
		// The Python package calls these four without their cog.
		single("Display Name", "renamed_cog", "renamed"),
		single("Child", "inherited", "inherited"),
		single("Nested", "nested", "nested"),
		single("Falsy", "falsy_cog", "falsy"),
		single("Other", "other_cog", "Other"),
		single("free functions", "free_function", "free"),
	}
}

// single returns a cog of one route that returns one value.
func single(cog, route, value string) cogs.Cog {
	return cogs.Cog{Name: cog, Setup: func(_ context.Context, r *cogs.Registrar) error {
		text(r, route, value)
		return nil
	}}
}

// text registers a route that returns a string.
func text(r *cogs.Registrar, route, value string) {
	cogs.Handle(r, wire.Route[wire.Empty, string](route), func(context.Context, wire.Empty) (string, error) { return value, nil })
}

// list registers a route that returns strings.
func list(r *cogs.Registrar, route string, value []string) {
	cogs.Handle(r, wire.Route[wire.Empty, []string](route), func(context.Context, wire.Empty) ([]string, error) { return value, nil })
}

// raw registers a route that gets its data unchanged.
func raw(r *cogs.Registrar, route string, h func(ctx context.Context, data node) (string, error)) {
	cogs.Handle(r, wire.Route[json.RawMessage, json.RawMessage](route), func(ctx context.Context, data json.RawMessage) (json.RawMessage, error) {
		n := node{kind: '{', raw: "{}"}
		if string(data) != "null" { // null stands for a request without data
			var err error
			if n, err = parse(data); err != nil {
				return nil, err
			}
		}
		out, err := h(ctx, n)
		return json.RawMessage(out), err
	})
}

// oracle is the cog of most routing cases.
func (f fixture) oracle() cogs.Cog {
	return cogs.Cog{Name: "Oracle", Setup: func(_ context.Context, r *cogs.Registrar) error {
		text(r, "cog_plain", "cog_plain")
		text(r, "cog.named", "cog.named")
		text(r, "cog_static", "static")
		list(r, "cog_tag", []string{"Oracle", "first"})
		raw(r, "cog_attrs", attributes)
		cogs.Handle(r, "cog_raise", func(context.Context, wire.Empty) (any, error) { return nil, CustomError{"from cog"} })
		list(r, "cog_optional", []string{"Oracle", "IpcServerResponse"})
		return nil
	}}
}

// instance has the routes that the Python bot registered on its server object.
func (f fixture) instance() cogs.Cog {
	return cogs.Cog{Name: "server", Setup: func(_ context.Context, r *cogs.Registrar) error {
		constants(r)
		failures(r)
		f.echoes(r)
		f.odd(r)
		f.counting(r)
		return nil
	}}
}

func (f fixture) echoes(r *cogs.Registrar) {
	text(r, "plain", "plain")
	text(r, "named.route/x y", "named")
	text(r, "emptyname", "emptyname")
	raw(r, "echo_envelope", func(ctx context.Context, data node) (string, error) {
		// cogbus passes the secret to no handler, so headers is empty.
		return fmt.Sprintf(`{"endpoint": %s, "data": %s, "headers": {}}`, quote(cogs.CallInfo(ctx).Endpoint), data.raw), nil
	})
	raw(r, "echo_data", func(_ context.Context, data node) (string, error) { return data.raw, nil })
	raw(r, "echo_attrs", attributes)
	raw(r, "echo_value", withValue(func(v node) string { return v.raw }))
	raw(r, "type_of_value", withValue(func(v node) string { return quote(pythonType(v)) }))
	raw(r, "str_of_value", withValue(func(v node) string { return quote(pythonStr(v)) }))
	raw(r, "get_member_count", func(_ context.Context, data node) (string, error) {
		switch id := data.get("guild_id"); id.kind {
		case 0:
			return "", AttributeError{"guild_id"}
		case '[', '{':
			return "", TypeError{"unhashable type"}
		}
		return "0", nil // the bot is in no guild
	})
}

// attributes returns the attributes of a Python route's argument: two attributes of the
// package, and each member of the data, which may hide these two.
func attributes(ctx context.Context, data node) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `{"length": 3, "endpoint": %s`, quote(cogs.CallInfo(ctx).Endpoint))
	for _, key := range data.keys {
		fmt.Fprintf(&b, `, %s: %s`, quote(key), data.get(key).raw)
	}
	b.WriteByte('}')
	return b.String(), nil
}

func withValue(f func(node) string) func(context.Context, node) (string, error) {
	return func(_ context.Context, data node) (string, error) {
		if !data.has("value") {
			return "", AttributeError{"value"}
		}
		return f(data.get("value")), nil
	}
}

func pythonType(v node) string {
	if v.isInt() {
		return "int"
	}
	return map[byte]string{'#': "float", '"': "str", 't': "bool", 'n': "NoneType", '[': "list", '{': "dict"}[v.kind]
}

func pythonStr(v node) string {
	switch {
	case v.isInt():
		return v.bigInt().String()
	case v.kind == '#':
		return float(v.float()).repr()
	case v.kind == '"':
		return v.str
	}
	if s, ok := map[string]string{"true": "True", "false": "False", "null": "None"}[v.raw]; ok {
		return s
	}
	return v.raw
}

// odd registers routes for functions that Python accepts as routes and then cannot call.
// Here they return the errors that their callers get.
func (f fixture) odd(r *cogs.Registrar) {
	cogs.Handle(r, "sync", func(ctx context.Context, _ wire.Empty) (any, error) {
		f.count("sync", cogs.CallInfo(ctx).Caller)
		return nil, TypeError{"object int can't be used in 'await' expression"}
	})
	text(r, "sync_returns_coroutine", "inner")
	for _, route := range []string{"async_generator", "noargs", "twoargs"} {
		cogs.Handle(r, wire.Route[wire.Empty, any](route), func(context.Context, wire.Empty) (any, error) { return nil, TypeError{route} })
	}
	// These work in Go.
	text(r, "callable_object", "callable")
	text(r, "function_named_like_cog", "function")
	text(r, "dup_server", "second")
	text(r, "dup_class", "second")
}

func (f fixture) counting(r *cogs.Registrar) {
	caller := func(ctx context.Context) string { return cogs.CallInfo(ctx).Caller }
	cogs.Handle(r, "counter", func(ctx context.Context, _ wire.Empty) (int, error) { return f.count("counter", caller(ctx)), nil })
	cogs.Handle(r, "counter_circular", func(ctx context.Context, _ wire.Empty) (any, error) {
		f.count("counter_circular", caller(ctx))
		return circular(), nil
	})
	seconds := func(data node) time.Duration {
		return time.Duration(data.get("seconds").float() * float64(time.Second))
	}
	raw(r, "sleep", func(ctx context.Context, data node) (string, error) {
		f.count("sleep", caller(ctx))
		<-time.After(seconds(data)) // also if its caller has gone
		f.count("sleep_done", caller(ctx))
		return data.raw, nil
	})
	raw(r, "block", func(_ context.Context, data node) (string, error) {
		<-time.After(seconds(data)) // the Python route blocks the whole bot meanwhile
		return `"blocked"`, nil
	})
	cogs.Handle(r, "hang", func(ctx context.Context, _ wire.Empty) (any, error) {
		f.count("hang", caller(ctx))
		<-ctx.Done()
		f.count("hang_cancelled", caller(ctx))
		return nil, ctx.Err()
	})
}
