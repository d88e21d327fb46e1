package actors_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestV1_handshakeOutOfOrder sends messages that do not belong into a handshake, or not
// yet.
func TestV1_handshakeOutOfOrder(t *testing.T) {
	mine := protocol.NewNonce()
	text, _ := mine.MarshalText()
	hello := fmt.Sprintf(`{"hello":{"v":[1],"nonce":%q,"client":"test","later":1},"later":2}`, text)
	const badRequest, unauthorized = `{"err":{"code":"bad_request"`, `{"err":{"code":"unauthorized"`
	for _, c := range []struct{ name, text, want string }{
		{"call first", `{"id":1,"call":"echo"}`, `{"id":1,"err":{"code":"unauthorized"`},
		{"cancel first", `{"id":1,"cancel":true}`, `{"id":1,"err":{"code":"unauthorized"`},
		{"proof first", `{"proof":"x"}`, unauthorized},
		{"not JSON", `hello`, badRequest},
		{"hello null", `{"hello":null}`, badRequest},
		{"hello a string", `{"hello":"world"}`, badRequest},
		{"no nonce", `{"hello":{"v":[1]}}`, badRequest},
		{"short nonce", `{"hello":{"v":[1],"nonce":"AAAA"}}`, badRequest},
		{"nonce no base64", `{"hello":{"v":[1],"nonce":"!"}}`, badRequest},
		{"name no string", fmt.Sprintf(`{"hello":{"v":[1],"nonce":%q,"client":7}}`, text), badRequest},
		{"versions no list", fmt.Sprintf(`{"hello":{"v":1,"nonce":%q}}`, text), badRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t, nil)
				p := dialPeer(t, srv, protocol.Subprotocol)
				if got := p.ask(c.text); !strings.HasPrefix(got, c.want) {
					t.Errorf("the answer = %s; want %s", got, c.want)
				}
				// the handshake may still begin
				p.shakeHands(secret)
				if got := p.ask(`{"id":1,"call":"echo","data":1}`); got != `{"id":1,"ok":1}` {
					t.Errorf("a call = %s; want its result", got)
				}
			})
		})
	}
	t.Run("second hello", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := dialPeer(t, newServer(t, nil), protocol.Subprotocol)
			theirs := p.hello(mine)
			if got := p.ask(hello); !strings.HasPrefix(got, unauthorized) {
				t.Errorf("a second hello = %s; want %s", got, unauthorized)
			}
			proof := fmt.Sprintf(`{"proof":%q}`, protocol.Proof(secret, protocol.ClientSide, mine, theirs))
			if got := p.ask(proof); !strings.HasPrefix(got, `{"welcome":{"v":1,"proof":"`+protocol.Proof(secret, protocol.ServerSide, mine, theirs)) {
				t.Errorf("the answer to the proof = %s; want welcome with the server's own", got)
			}
			for _, again := range []string{hello, proof} {
				if got := p.ask(again); !strings.HasPrefix(got, badRequest) {
					t.Errorf("a handshake again = %s; want %s", got, badRequest)
				}
			}
		})
	})
	t.Run("no common version", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := dialPeer(t, newServer(t, nil), protocol.Subprotocol)
			if got := p.ask(fmt.Sprintf(`{"hello":{"v":[2,3],"nonce":%q}}`, text)); !strings.HasPrefix(got, badRequest) {
				t.Errorf("the answer = %s; want %s", got, badRequest)
			}
			p.wantClose(1008)
		})
	})
}

// TestV1_wrongProof sends wrong proofs. Only a Close comes after them.
func TestV1_wrongProof(t *testing.T) {
	mine := protocol.NewNonce()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		beside := newNeighbour(t, srv)
		first := dialPeer(t, srv, protocol.Subprotocol)
		theirs := first.hello(mine)
		heard := protocol.Proof(secret, protocol.ClientSide, mine, theirs)
		if got := first.ask(fmt.Sprintf(`{"proof":%q}`, heard)); !strings.HasPrefix(got, `{"welcome"`) {
			t.Fatalf("the answer to a proof = %s; want welcome", got)
		}
		for name, proof := range map[string]func(theirs protocol.Nonce) string{
			"wrong secret":     func(n protocol.Nonce) string { return protocol.Proof("wrong", protocol.ClientSide, mine, n) },
			"empty secret":     func(n protocol.Nonce) string { return protocol.Proof("", protocol.ClientSide, mine, n) },
			"replayed":         func(protocol.Nonce) string { return heard },
			"the server's own": func(n protocol.Nonce) string { return protocol.Proof(secret, protocol.ServerSide, mine, n) },
			"secret in clear":  func(protocol.Nonce) string { return secret },
			"empty":            func(protocol.Nonce) string { return "" },
		} {
			p := dialPeer(t, srv, protocol.Subprotocol)
			if got := p.ask(fmt.Sprintf(`{"proof":%q}`, proof(p.hello(mine)))); !strings.HasPrefix(got, `{"err":{"code":"unauthorized"`) {
				t.Errorf("%s: the answer = %s; want unauthorized", name, got)
			}
			p.wantClose(1008)
			beside.check(name)
		}
		// a second try on the same connection, before the Close
		p := dialPeer(t, srv, protocol.Subprotocol)
		p.hello(mine)
		text, _ := mine.MarshalText()
		p.say(`{"proof":"wrong"}`)
		go p.say(fmt.Sprintf(`{"hello":{"v":[1],"nonce":%q}}`, text))
		for f, ok := p.hear(); ok; f, ok = p.hear() {
			if strings.Contains(f.text, "challenge") {
				t.Errorf("behind a wrong proof the server sent %v; want no second chance", f)
			}
			if f.op == opClose {
				p.leave()
			}
		}
	})
}

// TestGuess_isSlowedDown guesses secrets. A client with a correct one is not delayed,
// from the same address or on the same connection.
func TestGuess_isSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		beside := newNeighbour(t, srv)
		wrong := strings.Replace(envelope("echo", "{}"), secret, "guess", 1)
		began := time.Now()
		for connection := range 3 {
			p := dialPeer(t, srv, "ipcx")
			for range 20 {
				if got := p.ask(wrong); got != bad403 {
					t.Errorf("a wrong key = %s; want %s", got, bad403)
				}
				before := time.Now()
				beside.check("while somebody guesses")
				if took := time.Since(before); took != 0 {
					t.Errorf("a right key took %v; want no delay", took)
				}
			}
			p.wantClose(1008)
			if took := time.Since(began); connection > 0 && took < time.Duration(connection)*20*time.Second {
				t.Errorf("%d guesses took %v; want a second for each but the first", 20*(connection+1), took)
			}
		}
		// people mistype, so a correct secret makes up for wrong ones
		p := dialPeer(t, srv, "ipcx")
		for range 3 {
			for range 19 {
				p.ask(wrong)
			}
			if got := p.ask(envelope("echo", "{}")); got != "{}" {
				t.Errorf("a right key behind wrong ones = %s; want an answer", got)
			}
		}
		before := time.Now()
		known(t, srv, protocol.Subprotocol)
		if took := time.Since(before); took != 0 {
			t.Errorf("a right proof took %v; want no delay", took)
		}
	})
}

// TestAuth_inTime lets connections be silent. Only those without authentication are cut
// off.
func TestAuth_inTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		for _, dialect := range dialects {
			for name, say := range map[string]string{"silent": "", "talking": "nonsense"} {
				p := dialPeer(t, srv, dialect)
				began := time.Now()
				if say != "" {
					for range 29 {
						time.Sleep(time.Second)
						p.ask(say)
					}
				}
				f, _ := p.hear()
				if took := time.Since(began); f.code() != 1008 || took != 30*time.Second {
					t.Errorf("a %s connection of %s got %v after %v; want Close 1008 after 30s", name, dialect, f, took)
				}
				p.leave()
			}
		}
		p := known(t, srv, "ipcx")
		time.Sleep(7 * 24 * time.Hour)
		if got := p.ask(envelope("echo", "{}")); got != "{}" {
			t.Errorf("a request after a week of silence = %s; want an answer", got)
		}
		if n := len(p.frames); n != 0 {
			t.Errorf("the server sent %d frames that nobody asked for; want none", n)
		}
	})
}

func TestSecrets_rotationAndAdmin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, &actors.Options{Secret: secret, PreviousSecret: "old", AdminSecret: adminSecret})
		reload := `{"id":1,"call":"cogbus.reload","data":{"name":"target"}}`
		for _, c := range []struct {
			secret string
			admin  bool
		}{{secret, false}, {"old", false}, {adminSecret, true}} {
			p := dialPeer(t, srv, protocol.Subprotocol)
			p.shakeHands(c.secret)
			want := `{"id":1,"err":{"code":"forbidden"`
			if c.admin {
				want = `{"id":1,"ok":{"cog":"target"`
			}
			if got := p.ask(reload); !strings.HasPrefix(got, want) {
				t.Errorf("reload with %q = %s; want %s", c.secret, got, want)
			}
			q := dialPeer(t, srv, "ipcx")
			want = `"code": 403}`
			if c.admin {
				want = `"took_ms"`
			}
			if got := q.ask(strings.Replace(envelope("cogbus.reload", `{"name":"target"}`), secret, c.secret, 1)); !strings.Contains(got, want) {
				t.Errorf("reload with %q over ipcx = %s; want %s", c.secret, got, want)
			}
		}
	})
}

func TestSecrets_mustBeSetForTCP(t *testing.T) {
	for _, insecure := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := actors.NewServer(&actors.Options{Insecure: insecure, Logger: slog.New(slog.DiscardHandler)})
		defer srv.Close()
		if insecure {
			serve(t, srv, l)
			continue
		}
		if err := srv.Serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), "secret") {
			t.Errorf("Serve without a secret = %v; want an error about the secret", err)
		}
		if conn, err := net.Dial("tcp", l.Addr().String()); err == nil {
			conn.Close()
			t.Error("the listener is open; want it closed")
		}
	}
}

// TestServe_secrets serves with secrets that would let nobody, or everybody, administer.
func TestServe_secrets(t *testing.T) {
	for want, o := range map[string]actors.Options{
		"Options.Secret is not":                     {AdminSecret: "a"},
		"Options.AdminSecret is also the secret":    {Secret: "a", AdminSecret: "a"},
		"AdminSecret is also the secret of callers": {Secret: "b", PreviousSecret: "a", AdminSecret: "a"},
		"a server without a secret does not listen": {},
	} {
		o.Logger, o.Addr, o.Discovery = slog.New(slog.DiscardHandler), "127.0.0.1:0", "-"
		srv := actors.NewServer(&o)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := srv.Run(ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run(%+v) = %v; want an error with %q", o, err, want)
		}
	}
}
