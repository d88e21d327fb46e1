package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// pythonBot runs script on each connection to localhost:8765.
func pythonBot(t testing.TB, script func(p *peer)) *bot {
	b := newBot(t)
	b.at("localhost:8765", script)
	return b
}

// once answers one request, as the Python package's server does.
func once(reply string) func(p *peer) {
	return func(p *peer) {
		if _, err := p.receive(); err == nil {
			p.send(reply)
			p.conn.StartClose(1000, "")
			hang(p)
		}
	}
}

func TestIPCXRequest(t *testing.T) {
	for _, test := range []struct {
		secret, endpoint string
		data             any
		want             string
	}{
		{"s3cret", "plain", nil, `{"endpoint": "plain", "data": {}, "headers": {"Authorization": "s3cret"}}`},
		{"", "plain", nil, `{"endpoint": "plain", "data": {}, "headers": {"Authorization": null}}`},
		{"s3cret", "plain", json.RawMessage(`null`), `{"endpoint": "plain", "data": {}, "headers": {"Authorization": "s3cret"}}`},
		{
			"s3cret", "é", json.RawMessage(`{"z": 1180591620717411303424, "a": "\ud800"}`),
			`{"endpoint": "é", "data": {"z": 1180591620717411303424, "a": "\ud800"}, "headers": {"Authorization": "s3cret"}}`,
		},
		{
			"s3cret", "e",
			map[string]any{"endpoint": "x", "id": uint64(1125899906842624123)},
			`{"endpoint": "e", "data": {"endpoint":"x","id":1125899906842624123}, "headers": {"Authorization": "s3cret"}}`,
		},
	} {
		bubble(t, func(t *testing.T) {
			got, after := "", errors.New("none")
			c := pythonBot(t, func(p *peer) {
				got, _ = p.receive()
				p.send(`"ok"`)
				_, after = p.receive()
			}).connect("ipcx://localhost", &client.Options{Secret: test.secret})
			reply, err := c.Request(t.Context(), test.endpoint, test.data)
			c.Close()
			if err != nil || string(reply) != `"ok"` {
				t.Errorf("Request = %s, %v; want \"ok\"", reply, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the request (-want +got):\n%s", diff)
			}
			if after == nil || !strings.Contains(after.Error(), "1000") {
				t.Errorf("after the reply the client sent: %v; want Close 1000", after)
			}
		})
	}
}

func TestIPCXReplies(t *testing.T) {
	for _, text := range []string{
		`42`, `null`, `"café 😀"`, `Infinity`, `[NaN, -Infinity, 1180591620717411303424, 1.0, 1e400]`, `{"a": {"b": 1}}`,
		`{"error": "x", "code": 400, "more": 1}`, `{"error": 1, "code": 400}`, `{"code": 200, "error": "x", "error": "y"}`,
	} {
		bubble(t, func(t *testing.T) {
			c := pythonBot(t, once(text)).connect("ipcx://localhost", nil)
			got, err := c.Request(t.Context(), "x", nil)
			if err != nil || string(got) != text {
				t.Errorf("Request = %s, %v; want %s", got, err, text)
			}
		})
	}
	bubble(t, func(t *testing.T) {
		c := pythonBot(t, once(`{"id": 1125899906842624123, "name": "x"}`)).connect("ipcx://localhost", nil)
		got, err := client.Call(t.Context(), c, describe, guild{ID: 1})
		if want := (guild{ID: 1125899906842624123, Name: "x"}); err != nil || got != want {
			t.Errorf("Call = %+v, %v; want %+v", got, err, want)
		}
	})
}

func TestIPCXFailures(t *testing.T) {
	for _, test := range []struct {
		name   string
		script func(p *peer)
		code   wire.Code
		text   string
	}{
		{"403", once(`{"error": "Invalid or no token provided.", "code": 403}`), wire.Unauthorized, "token"},
		{"no route", once(`{"error": "Invalid or no endpoint given.", "code": 400}`), wire.NoRoute, "endpoint"},
		{"route failed", once(`{"error": "IPC route raised error of type KeyError", "code": 500}`), wire.Internal, "KeyError"},
		{"not JSON", once(`nope`), wire.Internal, "nope"},
		{"two values", once(`1 2`), wire.Internal, "JSON"},
		{"closed", func(p *peer) { p.receive(); p.conn.StartClose(1011, "boom"); hang(p) }, wire.Interrupted, `1011, "boom"`},
		{"cut off", func(p *peer) { p.receive(); p.cut() }, wire.Interrupted, "cut off"},
		{
			"too big", func(p *peer) { p.receive(); p.send(`"` + strings.Repeat("x", protocol.MaxMessage-1) + `"`); hang(p) },
			wire.TooLarge, "4194303",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := pythonBot(t, test.script)
				c := b.connect("ipcx://localhost", &client.Options{Secret: "s3cret"})
				_, err := c.Request(t.Context(), "x", nil)
				wantCode(t, "Request", err, test.code)
				if err != nil && !strings.Contains(err.Error(), test.text) {
					t.Errorf("Request: %v; want %q in it", err, test.text)
				}
				time.Sleep(time.Minute)
				if n := len(b.dialled()); n != 1 {
					t.Errorf("connected %d times; want no resend", n)
				}
			})
		})
	}
}

// A route may return a value that looks like an error; its text is in the error.
func TestIPCXErrorObject(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const text = `{"error": "out of stock", "code": 7}`
		_, err := pythonBot(t, once(text)).connect("ipcx://localhost", nil).Request(t.Context(), "x", nil)
		if e, ok := errors.AsType[*protocol.ErrorObject](err); !ok || string(e.Text) != text {
			t.Errorf("Request: %#v; want a *protocol.ErrorObject of %s", err, text)
		}
	})
}

func TestIPCXRequestMustBeAnObject(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := pythonBot(t, once("1"))
		c := b.connect("ipcx://localhost", nil)
		_, err := c.Request(t.Context(), "x", []int{1})
		wantCode(t, "a list as request", err, wire.BadRequest)
		_, err = c.Request(t.Context(), "x", map[string]string{"s": strings.Repeat("x", protocol.MaxMessage)})
		wantCode(t, "a huge request", err, wire.TooLarge)
		if got := b.dialled(); got != nil {
			t.Errorf("dialled %v; want nothing", got)
		}
	})
}

// The caller has its reply, although the server neither closes nor answers Close.
func TestIPCXServerKeepsConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pythonBot(t, func(p *peer) {
			p.receive()
			p.send("1")
			time.Sleep(time.Hour)
			p.cut()
		}).connect("ipcx://localhost", nil)
		start := time.Now()
		if _, err := c.Request(t.Context(), "x", nil); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("the caller waited %s for the end of the connection", took)
		}
		c.Close()
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("Close took %s; want about 1s", took)
		}
	})
}

func TestIPCXDeadlineAndCancel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := pythonBot(t, func(p *peer) {
			hang(p)
		})
		c := b.connect("ipcx://localhost", &client.Options{Timeout: 7 * time.Second})
		start := time.Now()
		_, err := c.Request(t.Context(), "x", nil)
		wantCode(t, "a call without deadline", err, wire.Timeout, context.DeadlineExceeded)
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("a call without deadline took %s; want Options.Timeout", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		call := request(ctx, c, "x")
		synctest.Wait()
		cancel()
		wantCode(t, "a call given up", <-call, wire.Canceled, context.Canceled)

		call = request(t.Context(), c, "x")
		synctest.Wait()
		c.Close()
		wantCode(t, "a call in flight at Close", <-call, wire.Canceled, client.ErrClosed)
		wantCode(t, "a call after Close", <-request(t.Context(), c, "x"), wire.Unavailable, client.ErrClosed)
	})
}

func TestIPCXAtMost64Connections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var open, most atomic.Int64
		release := make(chan struct{})
		b := pythonBot(t, func(p *peer) {
			most.Store(max(most.Load(), open.Add(1)))
			p.receive()
			<-release
			p.send("1")
			hang(p)
			open.Add(-1)
		})
		c := b.connect("ipcx://localhost", nil)
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if _, err := c.Request(t.Context(), "x", nil); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Request(ctx, "x", nil)
		wantCode(t, "a call that found no slot", err, wire.Overloaded, context.DeadlineExceeded)
		close(release)
		wg.Wait()
		if most.Load() != 64 {
			t.Errorf("%d connections at a time; want 64", most.Load())
		}
	})
}

func TestDialIPCX(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := pythonBot(t, hang)
		o := &client.Options{DialContext: b.DialContext}
		c, err := client.Dial(t.Context(), "ipcx://localhost", o)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		_, err = client.Dial(t.Context(), "ipcx://localhost:1", o)
		wantCode(t, "Dial to a port where nothing listens", err, wire.Unavailable, syscall.ECONNREFUSED)
	})
}
