package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
)

// Call calls a route of the bot and returns its response. It waits at most until ctx
// ends, or for [Options.Timeout] if ctx has no deadline, even if the bot or the network
// hangs. The error has a [*wire.Error] in its tree; the package's documentation lists
// them.
//
// A route that decodes raw replies has [json.RawMessage] as Resp.
func Call[Req, Resp any](ctx context.Context, c *Client, route wire.Route[Req, Resp], req Req) (Resp, error) {
	var resp, none Resp
	if err := c.call(ctx, string(route), codec.Of[Req](), &req, codec.Of[Resp](), &resp); err != nil {
		return none, err
	}
	return resp, nil
}

// Request calls a route whose types are not known when the program is built. It is Call
// with data as encoding/json encodes it, with two exceptions: nil stands for {}, and a
// [json.RawMessage] or a []byte, which must hold JSON, is sent byte for byte. A string
// is always encoded as a JSON string, even if its content is JSON. The result is the
// JSON text of the response, unchanged.
func (c *Client) Request(ctx context.Context, endpoint string, data any) (json.RawMessage, error) {
	raw := json.RawMessage{}
	var result json.RawMessage
	switch d := data.(type) {
	case nil:
		raw = json.RawMessage("{}")
	case json.RawMessage:
		raw = d
	case []byte:
		raw = append(raw, d...) // never nil, which would be sent as null
	default:
		err := c.call(ctx, endpoint, codec.Of[any](), &data, codec.Of[json.RawMessage](), &result)
		return result, err
	}
	err := c.call(ctx, endpoint, codec.Of[json.RawMessage](), &raw, codec.Of[json.RawMessage](), &result)
	return result, err
}

// call encodes and decodes on the caller's goroutine, so slow decoding delays no other
// reply.
func (c *Client) call(ctx context.Context, endpoint string, in codec.Codec, req any, out codec.Codec, resp any) error {
	r := request{ctx: ctx, endpoint: endpoint}
	var ok bool
	if r.deadline, ok = ctx.Deadline(); !ok {
		r.deadline, r.timed = time.Now().Add(c.timeout), true
	}
	if ctx.Err() != nil {
		return r.over(wire.Timeout, "it was not sent", context.Cause(ctx))
	}
	r.data = buffer.New()
	var err error
	if r.data.B, err = in.Append(r.data.B, req); err != nil {
		r.data.Free()
		return newError(wire.BadRequest, fmt.Sprintf("the request of %q cannot be sent: %v", endpoint, err), err, ErrEncode)
	}
	got, err := c.dialect.roundTrip(r)
	if err != nil {
		return err
	}
	defer got.buf.Free()
	if err := out.Decode(got.text, resp); err != nil {
		// not the codec's bad_request, since the request is valid
		return newError(wire.Internal, fmt.Sprintf("the response of %q does not fit %s: %s",
			endpoint, reflect.TypeOf(resp).Elem(), messageOf(err)), ErrMayHaveRun)
	}
	return nil
}

// A request is one call on its way.
type request struct {
	ctx      context.Context
	endpoint string
	data     *buffer.Buffer // JSON text; nil once it has been sent
	deadline time.Time      // of ctx, or of the client if timed; zero: Dial may wait for as long as its context
	timed    bool           // ctx has no deadline
}

// context returns r.ctx with r.deadline, if r has one.
func (r *request) context() (context.Context, context.CancelFunc) {
	if r.deadline.IsZero() {
		return context.WithCancel(r.ctx)
	}
	return context.WithDeadline(r.ctx, r.deadline)
}

// over returns the error of a request that stops waiting: canceled if the caller gave
// up, otherwise late. The parameter `what` names the
// thing for which it waited.
func (r *request) over(late wire.Code, what string, cause error) error {
	switch {
	case errors.Is(r.ctx.Err(), context.Canceled):
		return newError(wire.Canceled, fmt.Sprintf("the caller gave %q up: %s", r.endpoint, what), context.Cause(r.ctx))
	case late == wire.Timeout && r.timed:
		return newError(late, fmt.Sprintf("the client's time for %q has passed (Options.Timeout): %s", r.endpoint, what), cause)
	case late == wire.Timeout:
		return newError(late, fmt.Sprintf("the deadline of %q has passed: %s", r.endpoint, what), cause)
	}
	return newError(late, what, cause, context.DeadlineExceeded)
}
