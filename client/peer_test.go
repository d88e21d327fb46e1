package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A bot is a scripted server over net.Pipe. It answers each connection with the script
// of its port.
type bot struct {
	t      testing.TB
	accept *transport.Acceptor

	mu      sync.Mutex               // protects the fields below
	scripts map[string]func(p *peer) // by address; none: the dial is refused
	dials   []string
	wg      sync.WaitGroup
}

func newBot(t testing.TB, subprotocols ...string) *bot {
	b := &bot{
		t:       t,
		accept:  transport.NewAcceptor(transport.AcceptOptions{Subprotocols: subprotocols, MaxMessage: protocol.MaxMessage}),
		scripts: map[string]func(p *peer){},
	}
	t.Cleanup(b.wg.Wait) // runs after the clients of the test are closed
	return b
}

// v1Bot runs script after a handshake with secret on "bot:8765".
func v1Bot(t testing.TB, secret string, script func(p *peer)) *bot {
	b := newBot(t, protocol.Subprotocol)
	b.at("bot:8765", func(p *peer) {
		if p.handshake(secret) {
			script(p)
		}
	})
	return b
}

// at makes the bot answer connections to addr with script from now on. If script is
// nil, it refuses them.
func (b *bot) at(addr string, script func(p *peer)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scripts[addr] = script
}

// dialled returns the addresses that were dialled since the last call of dialled.
func (b *bot) dialled() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.dials
	b.dials = nil
	return list
}

func (b *bot) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	b.mu.Lock()
	b.dials = append(b.dials, addr)
	script := b.scripts[addr]
	b.mu.Unlock()
	if script == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	ours, theirs := net.Pipe()
	b.wg.Go(func() {
		defer ours.Close()
		rw := bufio.NewReadWriter(bufio.NewReader(ours), bufio.NewWriter(ours))
		req, err := http.ReadRequest(rw.Reader)
		if err != nil {
			return
		}
		conn, err := b.accept.Accept(&hijackable{ours, rw, http.Header{}}, req)
		if err != nil {
			return
		}
		script(&peer{b: b, conn: conn, raw: ours})
		conn.Linger(time.Second)
	})
	return theirs, nil
}

// connect makes a client of the bot that is closed with the test.
func (b *bot) connect(target string, o *client.Options) *client.Client {
	b.t.Helper()
	if o == nil {
		o = &client.Options{}
	}
	o.DialContext = b.DialContext
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c, err := client.New(target, o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	return c
}

// bubble runs test in a synctest bubble, which fails if goroutines are left.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

type hijackable struct {
	net.Conn
	rw     *bufio.ReadWriter
	header http.Header
}

func (h *hijackable) Header() http.Header { return h.header }
func (h *hijackable) WriteHeader(code int) {
	fmt.Fprintf(h.Conn, "HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n", code)
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.Conn, h.rw, nil
}

// A peer is the bot's end of one connection.
type peer struct {
	b    *bot
	conn *transport.Conn
	raw  net.Conn // under conn
}

func (p *peer) handshake(secret string) bool { return p.welcome(secret, protocol.WelcomeBody{}) }

// welcome does the handshake as a server must, and welcomes with body.
func (p *peer) welcome(secret string, body protocol.WelcomeBody) bool {
	var hello protocol.Hello
	r, ok := p.next()
	if !ok || r.Verb != protocol.VerbHello || protocol.DecodeHandshake(r.Body, &hello) != nil {
		return false
	}
	body.Version = protocol.Version
	if secret != "" {
		nonce := protocol.NewNonce()
		p.say("challenge", protocol.ChallengeBody{Version: protocol.Version, Nonce: nonce, Max: protocol.MaxMessage})
		var proof string
		r, ok := p.next()
		if !ok || r.Verb != protocol.VerbProof || protocol.DecodeHandshake(r.Body, &proof) != nil {
			return false
		}
		if !protocol.ProofValid(proof, secret, protocol.ClientSide, hello.Nonce, nonce) {
			p.send(string(protocol.AppendError(nil, 0, wire.Errorf(wire.Unauthorized, "wrong secret"))))
			return false
		}
		body.Proof = protocol.Proof(secret, protocol.ServerSide, hello.Nonce, nonce)
	}
	p.say("welcome", body)
	return true
}

// next waits for a message, which belongs to the caller.
func (p *peer) next() (protocol.Request, bool) {
	text, err := p.receive()
	if err != nil {
		return protocol.Request{}, false
	}
	var r protocol.Request
	if err := r.Parse([]byte(text)); err != nil {
		p.b.t.Errorf("the client sent %s: %v", text, err)
	}
	return r, true
}

func (p *peer) receive() (string, error) {
	buf, _, err := p.conn.Receive()
	if err != nil {
		return "", err
	}
	defer buf.Free()
	return string(buf.B), nil
}

func (p *peer) say(verb string, body any) {
	text, err := protocol.AppendHandshake(nil, verb, body)
	if err != nil {
		p.b.t.Error(err)
	}
	p.send(string(text))
}

func (p *peer) send(text string) {
	_ = p.conn.Send([]byte(text))
	p.conn.Flush()
}

func (p *peer) answer(id uint64, result string) { p.send(fmt.Sprintf(`{"id":%d,"ok":%s}`, id, result)) }

// echo answers each call with its data until the connection ends.
func echo(p *peer) {
	for {
		r, ok := p.next()
		if !ok {
			return
		}
		if r.Verb == protocol.VerbCall {
			p.answer(r.ID, string(r.Data))
		}
	}
}

// hang reads until the connection ends.
func hang(p *peer) {
	for {
		if _, err := p.receive(); err != nil {
			return
		}
	}
}

// cut ends the connection without a Close.
func (p *peer) cut() { p.conn.Abort() }

func wantCode(t *testing.T, what string, err error, code wire.Code, also ...error) {
	t.Helper()
	if wire.CodeOf(err) != code {
		t.Errorf("%s: %v; want code %s", what, err, code)
	}
	if e, ok := errors.AsType[*wire.Error](err); err != nil && (!ok || e.Message == "") {
		t.Errorf("%s: %#v; want a *wire.Error with a message", what, err)
	}
	for _, target := range also {
		if !errors.Is(err, target) {
			t.Errorf("%s: %v; want errors.Is %v", what, err, target)
		}
	}
}

func wantText(t *testing.T, what string, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v; want %q in it", what, err, text)
	}
}
