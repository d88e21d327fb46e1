package actors_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// decodesTo is a request type whose decoding always fails, with the code refusedWith.
type decodesTo struct{}

var refusedWith wire.Code // set before the calls that read it

func (*decodesTo) UnmarshalJSON([]byte) error { return wire.Errorf(refusedWith, "refused") }

// TestHandler_returnsWhatIsNoCode has handlers fail with invalid codes: with one that is
// longer than a message may be, and with some that no client expects. Meanwhile another
// call of the connection waits.
func TestHandler_returnsWhatIsNoCode(t *testing.T) {
	for name, code := range map[string]wire.Code{
		"long":               wire.Code(strings.Repeat("c", protocol.MaxMessage+1)),
		"65 letters":         wire.Code(strings.Repeat("c", 65)),
		"control characters": wire.Code(strings.Repeat("\x01", 1<<20)),
		"upper case":         "No_Money",
		"not UTF-8":          "a\xff",
		"a space":            "no money",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &logbook{}
				refusedWith = code
				srv := newServer(t, &actors.Options{Secret: secret, Logger: log.logger()})
				if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					bad := func(context.Context, wire.Empty) (int, error) { return 0, wire.Errorf(code, "why") }
					cogs.Handle(r, "bad", bad)
					cogs.Handle(r, "wrapped", func(context.Context, wire.Empty) (int, error) {
						return 0, fmt.Errorf("in a handler: %w", wire.Errorf(code, "why"))
					})
					cogs.Handle(r, "through", func(ctx context.Context, _ wire.Empty) (int, error) {
						return cogs.Call(ctx, wire.Route[wire.Empty, int]("bad"), wire.Empty{})
					})
					cogs.Handle(r, "decodes", func(context.Context, decodesTo) (int, error) { return 1, nil })
					cogs.HandleWith(r, "key", cogs.RouteOptions[decodesTo]{Key: func(decodesTo) string { return "" }},
						func(context.Context, decodesTo) (int, error) { return 1, nil })
					(*instance.Recorder)(r).Relay("relay", 0, func(_ context.Context, _ []byte, done func([]byte, error)) { done(nil, wire.Errorf(code, "why")) })
					cogs.Handle(r, "nap", func(context.Context, wire.Empty) (int, error) { time.Sleep(time.Second); return 1, nil })
					return nil
				}}); err != nil {
					t.Fatal(err)
				}
				v1, ipcx := known(t, srv, protocol.Subprotocol), known(t, srv, "ipcx")
				v1.say(`{"id":99,"call":"nap"}`)
				const want = `"err":{"code":"internal"`
				for id, endpoint := range []string{"bad", "wrapped", "through", "relay", "decodes", "key"} {
					if got := v1.ask(fmt.Sprintf(`{"id":%d,"call":%q,"data":{}}`, id+1, endpoint)); !strings.Contains(got, want) {
						t.Errorf("Call(%s) = %.200s; want %s", endpoint, got, want)
					}
					if got := ipcx.ask(envelope(endpoint, "{}")); !strings.HasSuffix(got, `"code": 500}`) {
						t.Errorf("%s by ipcx = %.200s; want the code 500", endpoint, got)
					}
				}
				if got := v1.answer(); got != `{"id":99,"ok":1}` {
					t.Errorf("a call beside them = %.200s; want its result", got)
				}
				begin := fmt.Sprintf("has the code %.64q", code)
				if text := log.String(); !strings.Contains(text, "endpoint=bad") || !strings.Contains(strings.ReplaceAll(text, `\"`, `"`), strings.ReplaceAll(begin, `\`, `\\`)) {
					t.Errorf("the log = %.1000s; want the route, and %s", text, begin)
				}
				if n := len(log.String()); n > 1<<17 {
					t.Errorf("the log has %d bytes; want the codes clipped", n)
				}
			})
		})
	}
}
