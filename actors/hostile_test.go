package actors_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

const (
	secret      = "correct horse"
	adminSecret = "battery staple"
)

type person struct {
	Name string `json:"name"`
	Age  int8   `json:"age"`
}

// target is the cog that hostile clients call.
func target() cogs.Cog {
	return cogs.Cog{Name: "target", Setup: func(_ context.Context, r *cogs.Registrar) error {
		type in = wire.Empty
		cogs.Handle(r, "echo", func(_ context.Context, v json.RawMessage) (json.RawMessage, error) { return v, nil })
		cogs.Handle(r, "any", func(_ context.Context, v any) (any, error) { return v, nil })
		cogs.Handle(r, "person", func(_ context.Context, p person) (person, error) { return p, nil })
		cogs.Handle(r, "sleep", func(ctx context.Context, q struct {
			Seconds float64 `json:"s"`
		},
		) (string, error) {
			select {
			case <-time.After(time.Duration(q.Seconds * float64(time.Second))):
				return "slept", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
		cogs.Handle(r, "nan", func(context.Context, in) (float64, error) { return math.NaN(), nil })
		cogs.Handle(r, "chan", func(context.Context, in) (any, error) { return make(chan int), nil })
		cogs.Handle(r, "raw", func(context.Context, in) (json.RawMessage, error) { return json.RawMessage(`{"broken`), nil })
		cogs.Handle(r, "large", func(context.Context, in) (string, error) { return strings.Repeat("x", protocol.MaxMessage), nil })
		cogs.Handle(r, "long error", func(context.Context, in) (string, error) {
			return "", wire.Errorf("own", "%s", strings.Repeat("x", protocol.MaxMessage))
		})
		return nil
	}}
}

// newServer returns a server in memory that serves target and ends with the test.
func newServer(t testing.TB, o *actors.Options) *actors.Server {
	t.Helper()
	if o == nil {
		o = &actors.Options{}
	}
	if o.Secret == "" && !o.Insecure {
		o.Secret, o.AdminSecret = secret, adminSecret
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	srv := actors.NewServer(o)
	t.Cleanup(func() { _ = srv.Close() })
	if err := srv.Load(t.Context(), target()); err != nil {
		t.Fatalf("Load failed: %v", err)
	}
	return srv
}

const (
	bad400  = `"code": 400}`
	bad403  = `{"error": "Invalid or no token provided.", "code": 403}`
	noRoute = `{"error": "Invalid or no endpoint given.", "code": 400}`
)

// TestIPCX_badRequests sends requests that get an error. The connection goes on each
// time.
func TestIPCX_badRequests(t *testing.T) {
	auth := `"headers":{"Authorization":"` + secret + `"}`
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		beside := newNeighbour(t, srv)
		p := dialPeer(t, srv, "ipcx")
		for _, c := range []struct{ name, text, want string }{
			{"not JSON", `hello`, bad400},
			{"empty", ``, bad400},
			{"half", `{"endpoint":"echo"`, bad400},
			{"two values", envelope("echo", "{}") + `{}`, bad400},
			{"not an object", `[1,2]`, bad400},
			{"null", `null`, bad400},
			{"nothing in it", `{}`, bad403},
			{"no headers", `{"endpoint":"echo","data":{}}`, bad403},
			{"headers null", `{"endpoint":"echo","data":{},"headers":null}`, bad403},
			{"headers a list", `{"endpoint":"echo","data":{},"headers":[1]}`, bad403},
			{"headers a string", `{"endpoint":"echo","data":{},"headers":"` + secret + `"}`, bad403},
			{"key missing", `{"endpoint":"echo","data":{},"headers":{}}`, bad403},
			{"key null", `{"endpoint":"echo","data":{},"headers":{"Authorization":null}}`, bad403},
			{"key wrong", `{"endpoint":"echo","data":{},"headers":{"Authorization":"correct horsf"}}`, bad403},
			{"key short", `{"endpoint":"echo","data":{},"headers":{"Authorization":"correct"}}`, bad403},
			{"key a number", `{"endpoint":"echo","data":{},"headers":{"Authorization":1}}`, bad403},
			{"key a list", `{"endpoint":"echo","data":{},"headers":{"Authorization":["` + secret + `"]}}`, bad403},
			{"key of another case", `{"endpoint":"echo","data":{},"headers":{"authorization":"` + secret + `"}}`, bad403},
			{"endpoint missing", `{"data":{},` + auth + `}`, noRoute},
			{"endpoint null", `{"endpoint":null,"data":{},` + auth + `}`, noRoute},
			{"endpoint a number", `{"endpoint":1,"data":{},` + auth + `}`, noRoute},
			{"endpoint a list", `{"endpoint":["echo"],"data":{},` + auth + `}`, noRoute},
			{"endpoint unknown", envelope("nothing", "{}"), noRoute},
			{"endpoint long", envelope(strings.Repeat("e", 100_000), "{}"), noRoute},
			{"endpoint twice", `{"endpoint":"echo","endpoint":"echo","data":{},` + auth + `}`, bad400},
			{"endpoint twice, once escaped", `{"endpoint":"echo","\u0065ndpoint":"echo","data":{},` + auth + `}`, bad400},
			{"data twice", `{"endpoint":"echo","data":{},"data":{},` + auth + `}`, bad400},
			{"headers twice", `{"endpoint":"echo","data":{},` + auth + `,` + auth + `}`, bad400},
			{"data a list", envelope("echo", "[]"), bad400},
			{"data a number", envelope("echo", "1"), bad400},
			{"wrong type", envelope("person", `{"name":"a","age":"old"}`), `{"error": "field \"age\": string does not fit int8", "code": 400}`},
			{"too large a number", envelope("person", `{"age":300}`), `field \"age\"`},
			{"nested in data", envelope("echo", `{"a":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`}`), bad400},
			{"nested without an end", strings.Repeat("[", 1_000_000), bad400},
			{"nested objects", strings.Repeat(`{"a":`, 300_000), bad400},
			{"reply NaN", envelope("nan", "{}"), `"code": 500}`},
			{"reply a channel", envelope("chan", "{}"), `"code": 500}`},
			{"reply broken JSON", envelope("raw", "{}"), `"code": 500}`},
			{"reply too large", envelope("large", "{}"), `"code": 500}`},
			{"error too long", envelope("long error", "{}"), `"code": 500}`},
		} {
			if got := p.ask(c.text); !strings.HasSuffix(got, c.want) && !strings.Contains(got, c.want) {
				t.Errorf("%s: the answer = %.300s; want %s", c.name, got, c.want)
			}
			if got := p.ask(envelope("echo", `{"n":1}`)); got != `{"n":1}` {
				t.Errorf("after %s: a good request = %s; want its data", c.name, got)
			}
			beside.check(c.name)
		}
		p.write(frameOf(0x80|opBinary, "{\"endpoint\":\"\xff\"}"))
		if got := p.answer(); !strings.HasSuffix(got, bad400) {
			t.Errorf("binary that is not UTF-8: the answer = %s; want code 400", got)
		}
		beside.check("binary that is not UTF-8")
	})
}

// TestV1_badMessages sends messages that get an error. The connection goes on each
// time.
func TestV1_badMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		beside := newNeighbour(t, srv)
		p := dialPeer(t, srv, protocol.Subprotocol)
		p.shakeHands(secret)
		const bad = `{"err":{"code":"bad_request"`
		of := func(code wire.Code) string { return `{"id":7,"err":{"code":"` + string(code) + `"` }
		for _, c := range []struct{ name, text, want string }{
			{"not JSON", `hello`, bad},
			{"empty", ``, bad},
			{"not an object", `[7]`, bad},
			{"nothing in it", `{}`, bad},
			{"unknown verb", `{"id":7,"subscribe":"x"}`, of(wire.BadRequest)},
			{"two verbs", `{"id":7,"call":"echo","cancel":true}`, of(wire.BadRequest)},
			{"call twice", `{"id":7,"call":"echo","call":"echo"}`, of(wire.BadRequest)},
			{"id twice", `{"id":7,"id":7,"call":"echo"}`, of(wire.BadRequest)},
			{"data twice", `{"id":7,"call":"echo","data":1,"data":1}`, of(wire.BadRequest)},
			{"no id", `{"call":"echo"}`, bad},
			{"id 0", `{"id":0,"call":"echo"}`, bad},
			{"id negative", `{"id":-7,"call":"echo"}`, bad},
			{"id a float", `{"id":7.0,"call":"echo"}`, bad},
			{"id an exponent", `{"id":7e0,"call":"echo"}`, bad},
			{"id a string", `{"id":"7","call":"echo"}`, bad},
			{"id too large", `{"id":9007199254740993,"call":"echo"}`, bad},
			{"id huge", `{"id":99999999999999999999999999,"call":"echo"}`, bad},
			{"call a number", `{"id":7,"call":1}`, of(wire.BadRequest)},
			{"call null", `{"id":7,"call":null}`, of(wire.BadRequest)},
			{"ms 0", `{"id":7,"call":"echo","ms":0}`, of(wire.BadRequest)},
			{"ms negative", `{"id":7,"call":"echo","ms":-1}`, of(wire.BadRequest)},
			{"ms a string", `{"id":7,"call":"echo","ms":"1"}`, of(wire.BadRequest)},
			{"ms NaN", `{"id":7,"call":"echo","ms":NaN}`, of(wire.BadRequest)},
			{"ms tiny", `{"id":7,"call":"sleep","data":{"s":5},"ms":0.001}`, of(wire.Timeout)},
			{"cancel without id", `{"cancel":true}`, bad},
			{"hello again", `{"hello":{"v":[1]}}`, bad},
			{"proof again", `{"proof":"x"}`, bad},
			{"unknown route", `{"id":7,"call":"nothing"}`, of(wire.NoRoute)},
			{"long route", `{"id":7,"call":"` + strings.Repeat("e", 100_000) + `"}`, of(wire.NoRoute)},
			{"wrong type", `{"id":7,"call":"person","data":{"age":"old"}}`, `{"id":7,"err":{"code":"bad_request","message":"field \"age\": string does not fit int8"}}`},
			{"nested in data", `{"id":7,"call":"any","data":` + strings.Repeat("[", 100_000) + `}`, of(wire.BadRequest)},
			{"nested without an end", strings.Repeat("[", 1_000_000), bad},
			{"reply NaN", `{"id":7,"call":"nan"}`, of(wire.Internal)},
			{"reply a channel", `{"id":7,"call":"chan"}`, of(wire.Internal)},
			{"reply broken JSON", `{"id":7,"call":"raw"}`, of(wire.Internal)},
			{"reply too large", `{"id":7,"call":"large"}`, of(wire.TooLarge)},
			{"error too long", `{"id":7,"call":"long error"}`, of("own")},
			{"admin route", `{"id":7,"call":"cogbus.reload","data":{"name":"target"}}`, of(wire.Forbidden)},
		} {
			got := p.ask(c.text)
			if !strings.HasPrefix(got, c.want) || len(got) > 500 {
				t.Errorf("%s: the answer = %.600s; want %s and some words", c.name, got, c.want)
			}
			if got := p.ask(`{"id":8,"call":"echo","data":1}`); got != `{"id":8,"ok":1}` {
				t.Errorf("after %s: a good call = %s; want its data", c.name, got)
			}
			beside.check(c.name)
		}
		for _, c := range []struct{ name, text string }{
			{"unknown members", `{"id":8,"call":"echo","data":1,"trace":{"a":[1]},"x":null}`},
			{"ms huge", `{"id":8,"call":"echo","data":1,"ms":1e300}`},
			{"ms beyond numbers", `{"id":8,"call":"echo","data":1,"ms":1e400}`},
			{"id of another call just answered", `{"id":8,"call":"echo","data":1}`},
			{"cancel of nothing before", `{"id":9,"cancel":true}` + "\x00"},
		} {
			text, cancel := strings.CutSuffix(c.text, "\x00")
			if p.say(text); cancel {
				p.say(`{"id":8,"call":"echo","data":1}`)
			}
			if got := p.answer(); got != `{"id":8,"ok":1}` {
				t.Errorf("%s: the answer = %s; want the data", c.name, got)
			}
		}
		if got := p.ask(`{"id":9007199254740992,"call":"echo","data":1}`); got != `{"id":9007199254740992,"ok":1}` {
			t.Errorf("the largest id: the answer = %s; want the data", got)
		}
		p.write(frameOf(0x80|opBinary, "{\"id\":7,\"call\":\"\xff\"}"))
		if got := p.answer(); !strings.Contains(got, `"bad_request"`) {
			t.Errorf("binary that is not UTF-8: the answer = %s; want bad_request", got)
		}
	})
}
