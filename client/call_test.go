package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

type guild struct {
	ID   wire.Snowflake `json:"id"`
	Name string         `json:"name,omitempty"`
}

const describe wire.Route[guild, guild] = "guilds.describe"

func TestCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "s3cret", echo)
		c := b.connect("ws://bot", &client.Options{Secret: "s3cret"})
		want := guild{ID: 1125899906842624123, Name: "café <&> 😀"}
		got, err := client.Call(t.Context(), c, describe, want)
		if err != nil || got != want {
			t.Errorf("Call(%+v) = %+v, %v; want it back", want, got, err)
		}
		if got := b.dialled(); !cmp.Equal(got, []string{"bot:8765"}) {
			t.Errorf("dialled %v; want one connection", got)
		}
	})
}

func TestRequest(t *testing.T) {
	for _, test := range []struct {
		data any
		want string
	}{
		{nil, `{}`},
		{json.RawMessage(nil), `null`},
		{json.RawMessage(`{"b": 1, "a": [NaN, 12345678901234567890.10]}`), `{"b": 1, "a": [NaN, 12345678901234567890.10]}`},
		{[]byte(`{"b": 1, "a": [NaN]}`), `{"b": 1, "a": [NaN]}`},
		{`{"b": 1}`, `"{\"b\": 1}"`},
		{map[string]any{"b": 1, "a": "x"}, `{"a":"x","b":1}`},
		{guild{ID: 7}, `{"id":"7"}`},
		{[]int{1, 2}, `[1,2]`},
	} {
		bubble(t, func(t *testing.T) {
			c := v1Bot(t, "", echo).connect("ws://bot", nil)
			got, err := c.Request(t.Context(), "echo", test.data)
			if err != nil || string(got) != test.want {
				t.Errorf("Request(%v) = %s, %v; want %s", test.data, got, err, test.want)
			}
		})
	}
}

func TestCallsAnsweredInAnyOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 100
		c := v1Bot(t, "", func(p *peer) {
			var calls []protocol.Request
			for range n {
				r, _ := p.next()
				calls = append(calls, r)
			}
			for i := range calls {
				r := calls[n-1-i]
				p.answer(r.ID, string(r.Data))
			}
			hang(p)
		}).connect("ws://bot", nil)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				got, err := client.Call(t.Context(), c, wire.Route[[]int, []int]("echo"), []int{i})
				if err != nil || got[0] != i {
					t.Errorf("Call(%d) = %v, %v; want its own reply", i, got, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestLargeMessagesBothWays(t *testing.T) {
	// if the readers of both ends wrote, they would wait for each other
	bubble(t, func(t *testing.T) {
		c := v1Bot(t, "", echo).connect("ws://bot", nil)
		text := strings.Repeat("x", 256<<10)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 4 {
					got, err := client.Call(t.Context(), c, wire.Route[string, string]("echo"), text)
					if err != nil || got != text {
						t.Errorf("Call = %d bytes, %v; want %d", len(got), err, len(text))
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestErrorsOfTheBot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := v1Bot(t, "", func(p *peer) {
			r, _ := p.next()
			p.send(fmt.Sprintf(`{"id":%d,"err":{"code":"overloaded","message":"busy","retry_ms":250}}`, r.ID))
			r, _ = p.next()
			p.send(`{"someday":"an event"}`)
			p.send(fmt.Sprintf(`{"id":%d,"item":1}`, r.ID)) // a verb of a later version
			p.send(`{"err":{"code":"bad_request","message":"about no call"}}`)
			p.answer(r.ID, `{"id":true}`)
			hang(p)
		}).connect("ws://bot", nil)
		_, err := client.Call(t.Context(), c, describe, guild{})
		want := &wire.Error{Code: wire.Overloaded, Message: "busy", RetryAfter: 250 * time.Millisecond}
		if got, ok := errors.AsType[*wire.Error](err); !ok || !cmp.Equal(got, want) {
			t.Errorf("Call: %v; want %v", err, want)
		}
		_, err = client.Call(t.Context(), c, describe, guild{})
		wantCode(t, "a response of another shape", err, wire.Internal)
		for _, part := range []string{"guilds.describe", `"id"`, "client_test.guild"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("a response of another shape: %v; want %s named", err, part)
			}
		}
	})
}

func TestRequestThatJSONCannotHold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBot(t)
		for _, target := range []string{"ws://bot", "ipcx://localhost"} {
			c := b.connect(target, nil)
			for _, data := range []any{math.NaN(), math.Inf(1), make(chan int), json.RawMessage(`{`), []byte("text"), []byte{}, []byte(nil), map[string]any{"f": func() {}}} {
				_, err := c.Request(t.Context(), "x", data)
				wantCode(t, fmt.Sprintf("%s: Request(%T)", target, data), err, wire.BadRequest)
				if !errors.Is(err, client.ErrEncode) {
					t.Errorf("%s: Request(%T): %v; want a ErrEncode in it", target, data, err)
				}
			}
		}
		if got := b.dialled(); got != nil {
			t.Errorf("dialled %v; want nothing before the request is encoded", got)
		}
	})
}

func TestTooLarge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBot(t, protocol.Subprotocol)
		b.at("bot:8765", func(p *peer) {
			if p.welcome("", protocol.WelcomeBody{Max: 1000}) {
				echo(p)
			}
		})
		c := b.connect("ws://bot", nil)
		_, err := c.Request(t.Context(), "echo", strings.Repeat("x", 1000))
		wantCode(t, "a request over the bot's limit", err, wire.TooLarge)
		if _, err := c.Request(t.Context(), "echo", "x"); err != nil {
			t.Errorf("the next request: %v; want none", err)
		}
	})
}
