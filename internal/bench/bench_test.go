// Package bench compares cogbus with raw gorilla/websocket, both with the same handler. It
// measures both in one run, because figures of different runs or machines cannot be
// compared.
package bench

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire/protocol"
)

const secret = "bench-secret"

type echo struct {
	Guild int64  `json:"guild_id"`
	Pad   string `json:"pad"`
}

func handle(_ context.Context, e echo) (echo, error) { return e, nil }

// raw is a server as a user would write it with gorilla and encoding/json.
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
func serve(b *testing.B, name string) (addr, dialect string) {
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
		// The light client does not prove that it knows a secret.
		opts.Secret, opts.Insecure, dialect = "", true, protocol.Subprotocol
	}
	srv := actors.NewServer(opts)
	if err := srv.Load(b.Context(), cogs.Single("echo", handle)); err != nil {
		b.Fatal(err)
	}
	go func() { _ = srv.Serve(context.Background(), l) }()
	b.Cleanup(func() { _ = srv.Close() })
	return l.Addr().String(), dialect
}
