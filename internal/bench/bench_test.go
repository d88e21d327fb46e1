// Package bench holds cogbus against raw gorilla/websocket with the same
// handler, in one run: figures of different runs or machines do not compare.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

const secret = "bench-secret"

type echo struct {
	Guild int64  `json:"guild_id"`
	Pad   string `json:"pad"`
}

func handle(_ context.Context, e echo) (echo, error) { return e, nil }

// raw is what a user would write with gorilla and encoding/json.
func raw(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		_, text, err := c.ReadMessage()
		if err != nil {
			return
		}
		var m struct {
			Endpoint string            `json:"endpoint"`
			Data     json.RawMessage   `json:"data"`
			Headers  map[string]string `json:"headers"`
		}
		var e echo
		if json.Unmarshal(text, &m) != nil || m.Headers["Authorization"] != secret || m.Endpoint != "echo" || json.Unmarshal(m.Data, &e) != nil {
			return
		}
		e, err = handle(r.Context(), e)
		if err != nil {
			return
		}
		out, err := json.Marshal(e)
		if err != nil || c.WriteMessage(websocket.TextMessage, out) != nil {
			return
		}
	}
}

// serve starts the named server and returns its address and the subprotocol.
func serve(b *testing.B, name string) (addr, protocol string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	if name == "gorilla" {
		srv := &http.Server{Handler: http.HandlerFunc(raw)}
		go func() { _ = srv.Serve(l) }()
		b.Cleanup(func() { _ = srv.Close() })
		return l.Addr().String(), ""
	}
	opts := &actors.Options{Secret: secret, Logger: slog.New(slog.DiscardHandler)}
	if name == "v1" {
		// the light client below proves nothing
		opts.Secret, opts.Insecure, protocol = "", true, wire.Subprotocol
	}
	srv := actors.NewServer(opts)
	if err := srv.Load(b.Context(), cogs.Single("echo", handle)); err != nil {
		b.Fatal(err)
	}
	go func() { _ = srv.Serve(context.Background(), l) }()
	b.Cleanup(func() { _ = srv.Close() })
	return l.Addr().String(), protocol
}

// BenchmarkServer measures calls of one connection, with one or 32 of them under
// way. The client sends prepared messages and does not decode.
func BenchmarkServer(b *testing.B) {
	for _, depth := range []int{1, 32} {
		for _, name := range []string{"gorilla", "ipcx", "v1"} {
			b.Run(fmt.Sprintf("depth=%d/server=%s", depth, name), func(b *testing.B) {
				addr, protocol := serve(b, name)
				dialer := websocket.Dialer{}
				if protocol != "" {
					dialer.Subprotocols = []string{protocol}
				}
				c, resp, err := dialer.Dial("ws://"+addr, nil)
				if err != nil {
					b.Fatal(err)
				}
				_ = resp.Body.Close()
				defer c.Close()
				data := `{"guild_id":123456789012345678,"pad":"` + strings.Repeat("x", 60) + `"}`
				message := func(uint64) []byte {
					return []byte(`{"endpoint": "echo", "data": ` + data + `, "headers": {"Authorization": "` + secret + `"}}`)
				}
				if name == "v1" {
					hello := `{"hello":{"v":[1],"nonce":"` + strings.Repeat("A", 43) + `="}}`
					if err := c.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
						b.Fatal(err)
					}
					expect(b, c, `{"welcome":`)
					message = func(id uint64) []byte {
						return []byte(`{"id":` + strconv.FormatUint(id, 10) + `,"call":"echo","data":` + data + `}`)
					}
				}
				id := uint64(1)
				if err := c.WriteMessage(websocket.TextMessage, message(id)); err != nil {
					b.Fatal(err)
				}
				expect(b, c, data) // what is measured must be answers, not refusals
				b.ReportAllocs()
				for b.Loop() {
					for range depth {
						id++
						if err := c.WriteMessage(websocket.TextMessage, message(id)); err != nil {
							b.Fatal(err)
						}
					}
					for range depth {
						if err := discard(c); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.N*depth)/b.Elapsed().Seconds(), "calls/s")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/call")
			})
		}
	}
}

// expect reads a message and fails if it does not hold part.
func expect(b *testing.B, c *websocket.Conn, part string) {
	b.Helper()
	_, text, err := c.ReadMessage()
	if err != nil || !strings.Contains(string(text), part) {
		b.Fatalf("the server says %s, %v; want %s in it", text, err, part)
	}
}

func discard(c *websocket.Conn) error {
	_, r, err := c.NextReader()
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	return err
}

// BenchmarkClient measures typed calls of the whole system, client included.
func BenchmarkClient(b *testing.B) {
	for _, scheme := range []string{"ws", "ipcx"} {
		b.Run("target="+scheme, func(b *testing.B) {
			addr, _ := serve(b, "ipcx") // it has a secret; both dialects are served
			bot, err := client.Dial(b.Context(), scheme+"://"+addr, &client.Options{Secret: secret})
			if err != nil {
				b.Fatal(err)
			}
			defer bot.Close()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := client.Call[echo, echo](b.Context(), bot, "echo", echo{Guild: 123456789012345678, Pad: "pad"}); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
