package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
	// both ends' readers would wait for each other if they wrote
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

func TestCancel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		canceled := make(chan uint64, 1)
		c := v1Bot(t, "", func(p *peer) {
			r, _ := p.next()
			cancel, _ := p.next()
			if cancel.Verb != protocol.VerbCancel || cancel.ID != r.ID {
				t.Errorf("after call %d the client sent %+v; want its cancel", r.ID, cancel)
			}
			canceled <- cancel.ID
			next, _ := p.next()
			p.answer(r.ID, `"late"`) // to be dropped
			p.answer(next.ID, `"in time"`)
			hang(p)
		}).connect("ws://bot", nil)

		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := c.Request(ctx, "slow", nil)
			failed <- err
		}()
		synctest.Wait()
		start := time.Now()
		cancel()
		wantCode(t, "a call given up", <-failed, wire.Canceled, context.Canceled)
		if took := time.Since(start); took != 0 {
			t.Errorf("the caller waited %s; want it to return at once", took)
		}
		<-canceled
		got, err := c.Request(t.Context(), "fast", nil)
		if err != nil || string(got) != `"in time"` {
			t.Errorf("the next call = %s, %v; want its own reply", got, err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	bubble(t, func(t *testing.T) {
		told := make(chan time.Duration, 9)
		c := v1Bot(t, "", func(p *peer) {
			for {
				r, ok := p.next()
				if !ok {
					return
				}
				told <- r.Timeout
			}
		}).connect("ws://bot", &client.Options{Timeout: 7 * time.Second})

		start := time.Now()
		_, err := c.Request(t.Context(), "slow", nil)
		wantCode(t, "a call without deadline", err, wire.Timeout, context.DeadlineExceeded)
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("a call without deadline took %s; want Options.Timeout", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		start = time.Now()
		_, err = c.Request(ctx, "slow", nil)
		wantCode(t, "a call past its deadline", err, wire.Timeout, context.DeadlineExceeded)
		if took := time.Since(start); took != 1500*time.Millisecond {
			t.Errorf("a call with deadline took %s; want 1.5s", took)
		}
		if a, b := <-told, <-told; a != 7*time.Second || b != 1500*time.Millisecond {
			t.Errorf("the bot was told %s and %s; want 7s and 1.5s", a, b)
		}
		_, err = c.Request(ctx, "slow", nil)
		wantCode(t, "a call with a dead context", err, wire.Timeout, context.DeadlineExceeded)
		if len(told) != 0 {
			t.Error("a call with a dead context was sent")
		}
	})
}

// A bot that does not read holds no call past its time, however much waits for
// it.
func TestDeadlinesOfADeafBot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		awake := make(chan struct{})
		b := v1Bot(t, "", func(p *peer) {
			<-awake
			echo(p)
		})
		c := b.connect("ws://bot", &client.Options{Timeout: time.Second})
		large := json.RawMessage(`"` + strings.Repeat("x", 3<<20) + `"`)
		patient := make(chan error)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := c.Request(ctx, "echo", 0)
			patient <- err
		}()
		synctest.Wait() // it is on its way
		start := time.Now()
		var sent, unsent atomic.Int64
		var wg sync.WaitGroup
		for i := range 9 {
			wg.Go(func() {
				limit := 2 * time.Second
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				code, cause := wire.Timeout, context.DeadlineExceeded
				switch i % 3 {
				case 1:
					time.AfterFunc(limit/2, cancel)
					limit, code, cause = limit/2, wire.Canceled, context.Canceled
				case 2:
					ctx, limit = t.Context(), time.Second // the client's
				}
				_, err := c.Request(ctx, "echo", large)
				if took := time.Since(start); took != limit {
					t.Errorf("call %d took %s; want %s", i, took, limit)
				}
				if wire.CodeOf(err) == wire.Overloaded {
					code = wire.Overloaded
				}
				wantCode(t, fmt.Sprint("call ", i), err, code, cause)
				if strings.Contains(err.Error(), "was not sent") {
					unsent.Add(1)
				} else {
					sent.Add(1)
				}
			})
		}
		wg.Wait()
		if sent.Load() != 5 || unsent.Load() != 4 {
			t.Errorf("%d calls were sent and %d not; want 5 and 4, since 16 MiB may wait", sent.Load(), unsent.Load())
		}
		close(awake)
		if err := <-patient; err != nil {
			t.Errorf("a call with more time: %v; want its reply", err)
		}
		if got, err := c.Request(t.Context(), "echo", large); err != nil || len(got) != len(large) {
			t.Errorf("Request = %d bytes, %v; want %d", len(got), err, len(large))
		}
	})
}

// A call that waits until less waits for the bot is sent, or goes elsewhere, or
// ends with the client.
func TestRoomForACall(t *testing.T) {
	nod := func(p *peer) {
		for r, ok := p.next(); ok; r, ok = p.next() {
			p.answer(r.ID, "1")
		}
	}
	for name, test := range map[string]struct {
		then func(b *bot, c *client.Client, p *peer)
		code wire.Code
		also []error
	}{
		"bot reads":   {then: func(_ *bot, _ *client.Client, p *peer) { nod(p) }},
		"bot is gone": {then: func(_ *bot, _ *client.Client, p *peer) { p.cut() }},
		"goaway": {then: func(_ *bot, _ *client.Client, p *peer) {
			p.send(`{"goaway":{"reason":"deaf"}}`)
			time.Sleep(time.Minute)
			p.cut()
		}},
		"client is closed": {
			then: func(_ *bot, c *client.Client, p *peer) {
				start := time.Now()
				c.Close()
				if took := time.Since(start); took > 3*time.Second {
					p.b.t.Errorf("Close took %s with a deaf peer; want a moment", took)
				}
			},
			code: wire.Unavailable, also: []error{client.ErrClosed},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				peers := make(chan *peer, 1)
				ended := make(chan struct{})
				b := v1Bot(t, "", func(p *peer) { peers <- p; <-ended })
				c := b.connect("ws://bot", nil)
				large := json.RawMessage(`"` + strings.Repeat("x", 4_000_000) + `"`)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				for i := range 5 { // one is being written, four wait
					go func() { _, _ = c.Request(ctx, "first", large) }()
					if i == 0 {
						synctest.Wait()
					}
				}
				synctest.Wait()
				outcome := make(chan error)
				go func() {
					_, err := c.Request(ctx, "last", large)
					outcome <- err
				}()
				synctest.Wait()
				b.at("bot:8765", func(p *peer) { p.handshake(""); nod(p) })
				start := time.Now()
				p := <-peers
				go func() { test.then(b, c, p); close(ended) }()
				wantCode(t, "a call that waited for room", <-outcome, test.code, test.also...)
				if took := time.Since(start); took > time.Second {
					t.Errorf("a call that waited for room took %s more; want a moment", took)
				}
				c.Close()
				<-ended
			})
		})
	}
}

// A client sends no more calls than the bot takes: the next one waits. A call
// that was given up is in flight until it is answered.
func TestLimitOfTheConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBot(t, protocol.Subprotocol)
		b.at("bot:8765", func(p *peer) {
			if !p.welcome("", protocol.WelcomeBody{Calls: 2}) {
				return
			}
			first, _ := p.next()
			second, _ := p.next()
			<-release
			p.answer(first.ID, `1`)
			p.answer(second.ID, `2`)
			echo(p)
		})
		c := b.connect("ws://bot", nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				_, err := c.Request(ctx, "slow", nil)
				wantCode(t, "a call that is not answered", err, wire.Timeout)
			})
		}
		synctest.Wait()
		_, err := c.Request(ctx, "third", nil)
		wantCode(t, "a call that found no slot", err, wire.Overloaded, context.DeadlineExceeded)
		wg.Wait()

		wg.Go(func() {
			if got, err := c.Request(t.Context(), "fourth", 4); err != nil || string(got) != "4" {
				t.Errorf("a call that waited for a slot = %s, %v; want 4", got, err)
			}
		})
		synctest.Wait()
		close(release)
		wg.Wait()
	})
}
