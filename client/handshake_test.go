package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestHangUpDuringHandshake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBot(t, protocol.Subprotocol)
		b.at("bot:8765", func(p *peer) { p.cut() })
		_, err := b.connect("ws://bot", nil).Request(t.Context(), "x", nil)
		wantCode(t, "a call to a bot that hangs up during the handshake", err, wire.Unavailable)
	})
}

func TestHandshakeRefused(t *testing.T) {
	welcome := func(p *peer) { p.handshake(""); echo(p) }
	for _, test := range []struct {
		name         string
		subprotocols []string
		secret       string
		script       func(p *peer)
		code         wire.Code
		text         string
	}{
		{
			"wrong secret",
			[]string{protocol.Subprotocol},
			"wrong", func(p *peer) { p.handshake("s3cret"); echo(p) },
			wire.Unauthorized, "wrong secret",
		},
		{
			"no secret",
			[]string{protocol.Subprotocol},
			"", func(p *peer) { p.handshake("s3cret"); echo(p) },
			wire.Unauthorized, "Options.Secret",
		},
		{
			"no proof of the server",
			[]string{protocol.Subprotocol},
			"s3cret", welcome,
			wire.Unauthorized, "does not prove",
		},
		{"wrong proof of the server", []string{protocol.Subprotocol}, "s3cret", func(p *peer) {
			p.next()
			p.say("challenge", protocol.ChallengeBody{Version: 1})
			p.next()
			p.say("welcome", protocol.WelcomeBody{Version: 1, Proof: "MTIzNA=="})
			hang(p)
		}, wire.Unauthorized, "does not prove"},
		{"the client's own proof", []string{protocol.Subprotocol}, "s3cret", func(p *peer) {
			p.next()
			p.say("challenge", protocol.ChallengeBody{Version: 1})
			r, _ := p.next()
			p.send(`{"welcome":{"v":1,"proof":` + string(r.Body) + `}}`)
			hang(p)
		}, wire.Unauthorized, "does not prove"},
		{"no subprotocol", nil, "s3cret", func(p *peer) {
			if text, err := p.receive(); err == nil {
				p.b.t.Errorf("the client sent %s to a server of another dialect", text)
			}
		}, wire.Unavailable, "ipcx://"},
		{"another version", []string{protocol.Subprotocol}, "", func(p *peer) {
			p.next()
			p.say("welcome", protocol.WelcomeBody{Version: 2})
			hang(p)
		}, wire.Unavailable, "version 2"},
		{"not a handshake", []string{protocol.Subprotocol}, "", func(p *peer) {
			p.next()
			p.send(`[1]`)
			hang(p)
		}, wire.Unavailable, "handshake is bad"},
		{"silence", []string{protocol.Subprotocol}, "", hang, wire.Unavailable, "no answer in time"},
		{"about to stop", []string{protocol.Subprotocol}, "", func(p *peer) {
			p.next()
			p.send(`{"goaway":{"reason":"x"}}`)
			hang(p)
		}, wire.Unavailable, "about to stop"},
		{"too many clients", []string{protocol.Subprotocol}, "", func(p *peer) {
			p.next()
			p.send(`{"err":{"code":"overloaded","message":"too many clients"}}`)
			hang(p)
		}, wire.Overloaded, "too many clients"},
		{"closed", []string{protocol.Subprotocol}, "", func(p *peer) {
			p.next()
			p.conn.StartClose(1013, "full")
			hang(p)
		}, wire.Unavailable, `1013, "full"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBot(t, test.subprotocols...)
				b.at("bot:8765", test.script)
				c := b.connect("ws://bot", &client.Options{Secret: test.secret})
				start := time.Now()
				_, err := c.Request(t.Context(), "x", nil)
				wantCode(t, "a call", err, test.code)
				if err != nil && !strings.Contains(err.Error(), test.text) {
					t.Errorf("a call: %v; want %q in it", err, test.text)
				}
				if err != nil && strings.Contains(err.Error(), "s3cret") {
					t.Errorf("a call: %v; want no secret in it", err)
				}
				if took := time.Since(start); took > 10*time.Second {
					t.Errorf("a call took %s; want it to fail at once", took)
				}
				time.Sleep(time.Hour)
				if n := len(b.dialled()); n != 1 {
					t.Errorf("dialled %d times; want once", n)
				}
			})
		})
	}
}

// A wrong secret ends the wait also after a loss.
func TestSecretChanges(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "old", func(p *peer) {
			r, _ := p.next()
			p.answer(r.ID, "1")
			time.Sleep(time.Minute)
			p.cut()
		})
		c := b.connect("ws://bot", &client.Options{Secret: "old"})
		if _, err := c.Request(t.Context(), "x", nil); err != nil {
			t.Fatal(err)
		}
		b.at("bot:8765", func(p *peer) { p.handshake("new") })
		time.Sleep(2 * time.Minute)
		start := time.Now()
		_, err := c.Request(t.Context(), "x", nil)
		wantCode(t, "a call with the old secret", err, wire.Unauthorized)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("a call with the old secret took %s; want it to fail at once", took)
		}
	})
}

func TestDialWithinItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBot(t, protocol.Subprotocol)
		b.at("bot:8765", hang)
		b.at("localhost:8765", hang)
		for _, target := range []string{"ws://bot", "ws://localhost"} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			_, err := client.Dial(ctx, target, &client.Options{DialContext: b.DialContext})
			wantCode(t, "Dial to a silent bot", err, wire.Unavailable, context.DeadlineExceeded)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("Dial took %s; want its deadline, 1 s", took)
			}
			cancel()
		}
		b.wg.Wait()
		if _, err := client.Dial(t.Context(), "localhost:8765", nil); err == nil || errors.Is(err, client.ErrClosed) {
			t.Errorf("Dial(localhost:8765): %v; want the target refused", err)
		}
	})
}

func TestBotTalksNonsense(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) {
			p.next()
			p.send(`nonsense`)
			hang(p)
		})
		_, err := b.connect("ws://bot", nil).Request(t.Context(), "x", nil)
		wantCode(t, "a call to a bot that talks nonsense", err, wire.Interrupted)
		if diff := cmp.Diff(1, len(b.dialled())); diff != "" {
			t.Error(diff)
		}
	})
}
