package client_test

import (
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire/protocol"
)

// BenchmarkCall measures the client with a server that only copies data.
func BenchmarkCall(b *testing.B) {
	accept := transport.NewAcceptor(transport.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}, MaxMessage: protocol.MaxMessage})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := accept.Accept(w, r)
		if err != nil {
			return
		}
		defer conn.Abort()
		p := &peer{b: &bot{t: b}, conn: conn}
		if !p.handshake("") {
			return
		}
		var req protocol.Request
		var out []byte
		for {
			buf, _, err := conn.Receive()
			if err != nil {
				return
			}
			_ = req.Parse(buf.B)
			out = protocol.AppendResultHead(out[:0], req.ID)
			out = append(out, req.Data...)
			out = protocol.AppendResultTail(out)
			_ = conn.Send(out)
			buf.Free()
		}
	})}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	c, err := client.Dial(b.Context(), "ws://"+l.Addr().String(), &client.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for _, callers := range []struct {
		name string
		n    int
	}{{"1", 0}, {"64", 32}} {
		b.Run("callers="+callers.name, func(b *testing.B) {
			b.ReportAllocs()
			if callers.n == 0 {
				for b.Loop() {
					if _, err := client.Call(b.Context(), c, describe, guild{ID: 1125899906842624123, Name: "x"}); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.SetParallelism(callers.n)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := client.Call(b.Context(), c, describe, guild{ID: 1125899906842624123, Name: "x"}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
