package client_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestTargets(t *testing.T) {
	for target, want := range map[string]string{
		"ws://bot":               "bot:8765",
		"ws://bot:1/path":        "bot:1",
		"ws://:9000":             "localhost:9000",
		"ws://[::1]":             "[::1]:8765",
		"wss://bot":              "bot:443",
		"unix:///run/bot.sock":   "/run/bot.sock",
		"ipcx://127.0.0.1:1":     "127.0.0.1:1",
		"ipcx://[::1]:8765/":     "[::1]:8765",
		"discover://localhost":   "localhost:20000",
		"discover://localhost:1": "localhost:1",
	} {
		bubble(t, func(t *testing.T) {
			b := newBot(t)
			_, _ = b.connect(target, &client.Options{Secret: "s3cret"}).Request(t.Context(), "x", nil)
			if got := b.dialled(); len(got) != 1 || got[0] != want {
				t.Errorf("%s: dialled %v; want %s", target, got, want)
			}
		})
	}
}

func TestBadTargets(t *testing.T) {
	for target, want := range map[string]string{
		"":                           "scheme",
		"bot":                        "scheme",
		"localhost:8765":             "scheme",
		"127.0.0.1:8765":             "ws://localhost:8765",
		"http://bot":                 "scheme",
		"ws://hunter2@bot":           "Options.Secret",
		"ws://user:hunter2@bot:port": "want for example",
		"ws://bot?secret=1":          "too much",
		"ws://bot:0":                 "65535",
		"ws://bot:65536":             "65535",
		"ipcx://::1:8765":            "[::1]",
		"ipcx://localhost/path":      "no paths",
		"unix://bot.sock":            "three slashes",
		"unix:///":                   "three slashes",
	} {
		_, err := client.New(target, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("New(%q): %v; want %q in it, and no password", target, err, want)
		}
	}
}

func TestCleartextSecret(t *testing.T) {
	for _, test := range []struct {
		target string
		o      client.Options
		ok     bool
	}{
		{"ipcx://bot.example.com", client.Options{Secret: "s3cret"}, false},
		{"discover://192.0.2.1", client.Options{Secret: "s3cret"}, false},
		{"ipcx://127.0.0.1.example.com", client.Options{Secret: "s3cret"}, false},
		{"ipcx://bot.example.com", client.Options{Secret: "s3cret", AllowCleartextSecret: true}, true},
		{"ipcx://bot.example.com", client.Options{}, true},
		{"ipcx://LOCALHOST", client.Options{Secret: "s3cret"}, true},
		{"ipcx://127.1.2.3", client.Options{Secret: "s3cret"}, true},
		{"discover://[::1]", client.Options{Secret: "s3cret"}, true},
		{"ws://bot.example.com", client.Options{Secret: "s3cret"}, true},
	} {
		c, err := client.New(test.target, &test.o)
		if (err == nil) != test.ok {
			t.Errorf("New(%s, %+v): %v; want ok %t", test.target, test.o, err, test.ok)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("New(%s): %v; want no secret in it", test.target, err)
		}
		if c != nil {
			c.Close()
		}
	}
}

// These tests use real sockets, because net.Pipe differs from them.
func TestSockets(t *testing.T) {
	accept := transport.NewAcceptor(transport.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}, MaxMessage: protocol.MaxMessage})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := accept.Accept(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		p := &peer{b: &bot{t: t}, conn: conn}
		if p.handshake("s3cret") {
			echo(p)
		}
		conn.Abort()
	})
	plain := httptest.NewServer(handler)
	defer plain.Close()
	secure := httptest.NewUnstartedServer(handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	local := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler}}
	local.Start()
	defer local.Close()

	trust := secure.Client().Transport.(*http.Transport).TLSClientConfig
	for target, o := range map[string]client.Options{
		"ws://" + plain.Listener.Addr().String():   {},
		"wss://" + secure.Listener.Addr().String(): {TLS: &tls.Config{RootCAs: trust.RootCAs}},
		"unix://" + path: {},
	} {
		o.Secret = "s3cret"
		c, err := client.Dial(t.Context(), target, &o)
		if err != nil {
			t.Errorf("Dial(%s): %v", target, err)
			continue
		}
		if got, err := c.Request(t.Context(), "echo", "x"); err != nil || string(got) != `"x"` {
			t.Errorf("%s: Request = %s, %v; want \"x\"", target, got, err)
		}
		c.Close()
	}
	_, err = client.Dial(t.Context(), "unix://"+path+"x", nil)
	wantCode(t, "Dial to a socket that is not there", err, wire.Unavailable)
	_, err = client.Dial(t.Context(), "wss://"+secure.Listener.Addr().String(), nil)
	wantCode(t, "Dial to a server with an unknown certificate", err, wire.Unavailable)
}
