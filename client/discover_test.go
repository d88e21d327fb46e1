package client_test

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

func TestDiscovery(t *testing.T) {
	location := func(port int) func(p *peer) {
		return once(fmt.Sprintf(`{"message": "Connection success", "port": %d, "code": 200}`, port))
	}
	bubble(t, func(t *testing.T) {
		b := newBot(t)
		asked := ""
		b.at("localhost:20000", func(p *peer) {
			asked, _ = p.receive()
			p.send(`{"message": "Connection success", "port": "4711", "code": 200}`)
			hang(p)
		})
		b.at("localhost:4711", once("1"))
		c := b.connect("discover://", &client.Options{Secret: "s3cret"})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if got, err := c.Request(t.Context(), "x", nil); err != nil || string(got) != "1" {
					t.Errorf("Request = %s, %v; want 1", got, err)
				}
			})
		}
		wg.Wait()
		lookups := 0
		for _, addr := range b.dialled() {
			if addr == "localhost:20000" {
				lookups++
			}
		}
		if lookups != 1 {
			t.Errorf("%d look-ups; want one for all", lookups)
		}
		if want := `{"connect": true, "headers": {"Authorization": "s3cret"}}`; asked != want {
			t.Errorf("the look-up was %s; want %s", asked, want)
		}

		// the bot moves to another port
		b.at("localhost:4711", nil)
		b.at("localhost:4712", once("2"))
		b.at("localhost:20000", location(4712))
		if got, err := c.Request(t.Context(), "x", nil); err != nil || string(got) != "2" {
			t.Errorf("after the bot moved: Request = %s, %v; want 2", got, err)
		}
		if diff := cmp.Diff([]string{"localhost:4711", "localhost:20000", "localhost:4712"}, b.dialled()); diff != "" {
			t.Errorf("dialled (-want +got):\n%s", diff)
		}

		// the bot ends, and only its discovery port stays
		b.at("localhost:4712", nil)
		_, err := c.Request(t.Context(), "x", nil)
		wantCode(t, "after the bot went", err, wire.Unavailable, syscall.ECONNREFUSED)
		b.at("localhost:20000", nil)
		_, err = c.Request(t.Context(), "x", nil)
		wantCode(t, "after all went", err, wire.Unavailable, syscall.ECONNREFUSED)
		if !strings.Contains(err.Error(), "discover://localhost:20000") {
			t.Errorf("after all went: %v; want the discovery port named", err)
		}
	})
	for _, test := range []struct {
		name   string
		script func(p *peer)
		code   wire.Code
	}{
		{"wrong secret", once(`{"error": "Invalid or no token provided.", "code": 403}`), wire.Unauthorized},
		{"closed", func(p *peer) { p.receive(); p.conn.StartClose(1000, ""); hang(p) }, wire.Unavailable},
		{"cut off", func(p *peer) { p.receive(); p.cut() }, wire.Unavailable},
		{"silent", hang, wire.Unavailable},
		{"not JSON", once(`nope`), wire.Unavailable},
		{"a list", once(`[]`), wire.Unavailable},
		{"null", once(`null`), wire.Unavailable},
		{"no port", once(`{"code": 200}`), wire.Unavailable},
		{"port 0", location(0), wire.Unavailable},
		{"half a port", once(`{"port": 8765.5, "code": 200}`), wire.Unavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBot(t)
				b.at("localhost:20000", test.script)
				c := b.connect("discover://localhost", &client.Options{Secret: "s3cret"})
				_, err := c.Request(t.Context(), "x", nil)
				wantCode(t, "Request", err, test.code)
				if err != nil && !strings.Contains(err.Error(), "localhost:20000") {
					t.Errorf("Request: %v; want the discovery port named", err)
				}
			})
		})
	}
}
