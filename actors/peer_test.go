package actors_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/protocol"
)

// Opcodes of RFC 6455.
const (
	opContinue = 0x0
	opText     = 0x1
	opBinary   = 0x2
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xA
)

// A peer speaks WebSocket by hand, as wrongly as a test asks. It reads the server's
// frames at once, so that no side waits for the other.
type peer struct {
	t    testing.TB
	conn net.Conn
	resp *http.Response // to the handshake

	frames chan frame // closed when the connection ends
}

type frame struct {
	head [2]byte
	op   byte
	text string
}

// code returns the code of a Close, 0 of anything else.
func (f frame) code() int {
	if f.op != opClose || len(f.text) < 2 {
		return 0
	}
	return int(binary.BigEndian.Uint16([]byte(f.text)))
}

func (f frame) String() string {
	if f.op == opClose {
		return fmt.Sprintf("Close %d %.200q", f.code(), f.text[min(2, len(f.text)):])
	}
	return fmt.Sprintf("frame %d %.400s", f.op, f.text)
}

// dialPeer connects and shakes hands for a dialect. Headers have the form "Name:
// value".
func dialPeer(t testing.TB, srv *actors.Server, dialect string, headers ...string) *peer {
	t.Helper()
	conn, err := srv.DialContext(t.Context(), "", "")
	if err != nil {
		t.Fatalf("DialContext failed: %v", err)
	}
	p := newPeer(t, conn, dialect, headers...)
	if p.resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake = %s; want 101", p.resp.Status)
	}
	return p
}

func newPeer(t testing.TB, conn net.Conn, dialect string, headers ...string) *peer {
	t.Helper()
	p := &peer{t: t, conn: conn, frames: make(chan frame, 1<<14)}
	t.Cleanup(p.leave)
	p.write([]byte(handshakeText(dialect, headers...)))
	r := bufio.NewReader(conn)
	var err error
	if p.resp, err = http.ReadResponse(r, nil); err != nil {
		t.Fatalf("no answer to the handshake: %v", err)
	}
	if p.resp.StatusCode == http.StatusSwitchingProtocols {
		go p.read(r) // ends with the connection
	}
	return p
}

func handshakeText(dialect string, headers ...string) string {
	text := "GET / HTTP/1.1\r\nHost: bot\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	if dialect == protocol.Subprotocol {
		text += "Sec-WebSocket-Protocol: " + dialect + "\r\n"
	}
	for _, h := range headers {
		text += h + "\r\n"
	}
	return text + "\r\n"
}

func (p *peer) read(r io.Reader) {
	defer close(p.frames)
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		if f.head[0]&0xf0 != 0x80 || f.head[1]&0x80 != 0 {
			p.t.Errorf("the server sent a frame that starts with %x; want it whole, unmasked and uncompressed", f.head)
		}
		p.frames <- f
	}
}

func readFrame(r io.Reader) (frame, error) {
	var f frame
	if _, err := io.ReadFull(r, f.head[:]); err != nil {
		return f, err
	}
	f.op = f.head[0] & 0x0f
	n := uint64(f.head[1] & 0x7f)
	var long [8]byte
	switch n {
	case 126:
		_, _ = io.ReadFull(r, long[6:])
		n = binary.BigEndian.Uint64(long[:])
	case 127:
		_, _ = io.ReadFull(r, long[:])
		n = binary.BigEndian.Uint64(long[:])
	}
	text := make([]byte, n)
	_, err := io.ReadFull(r, text)
	f.text = string(text)
	return f, err
}

func (p *peer) leave() { _ = p.conn.Close() }

// write writes bytes and ignores errors. It returns when the server has taken them, or
// the connection has ended.
func (p *peer) write(b []byte) { _, _ = p.conn.Write(b) }

// header returns the start of a masked frame, with a mask that changes nothing.
// first is its first byte: 0x80 for a last frame, RSV bits, opcode.
func header(first byte, n uint64) []byte {
	b := []byte{first}
	switch {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), n)
	}
	return append(b, 0, 0, 0, 0)
}

func frameOf(first byte, text string) []byte {
	return append(header(first, uint64(len(text))), text...)
}

// say sends a text message in one frame.
func (p *peer) say(text string) { p.write(frameOf(0x80|opText, text)) }

// hear returns the next frame that is no ping or pong; ok is false if the
// connection has ended. A minute of silence fails the test.
func (p *peer) hear() (f frame, ok bool) {
	p.t.Helper()
	silence := time.NewTimer(time.Minute)
	defer silence.Stop()
	for {
		select {
		case f, ok = <-p.frames:
			if f.op != opPing && f.op != opPong {
				return f, ok
			}
		case <-silence.C:
			p.t.Error("the server said nothing for a minute")
			return frame{}, false
		}
	}
}

// ask sends a text message and returns the text that answers it.
func (p *peer) ask(text string) string {
	p.t.Helper()
	p.say(text)
	return p.answer()
}

func (p *peer) answer() string {
	p.t.Helper()
	f, ok := p.hear()
	if !ok || f.op != opText {
		p.t.Errorf("the server sent %v; want an answer", f)
	}
	return f.text
}

// wantClose checks that the next frame is a Close with that code and that the
// connection ends then.
func (p *peer) wantClose(code int) {
	p.t.Helper()
	f, ok := p.hear()
	if !ok || f.code() != code {
		p.t.Errorf("the server sent %v (%v); want Close %d", f, ok, code)
		return
	}
	p.write(frameOf(0x80|opClose, f.text[:2]))
	if f, ok := p.hear(); ok {
		p.t.Errorf("the server sent %v behind its Close; want nothing", f)
	}
}

// shakeHands does the handshake of cogbus.v1 up to the welcome.
func (p *peer) shakeHands(secret string) {
	p.t.Helper()
	if got := p.prove(secret, protocol.NewNonce()); !strings.HasPrefix(got, `{"welcome"`) {
		p.t.Fatalf("the answer to a proof = %s; want welcome", got)
	}
}

// prove sends hello and a proof of secret, and returns the answer.
func (p *peer) prove(secret string, mine protocol.Nonce) string {
	p.t.Helper()
	theirs := p.hello(mine)
	return p.ask(fmt.Sprintf(`{"proof":%q}`, protocol.Proof(secret, protocol.ClientSide, mine, theirs)))
}

// hello sends hello and returns the server's nonce.
func (p *peer) hello(mine protocol.Nonce) protocol.Nonce {
	p.t.Helper()
	text, _ := mine.MarshalText()
	var got struct{ Challenge protocol.ChallengeBody }
	answer := p.ask(fmt.Sprintf(`{"hello":{"v":[1],"nonce":%q}}`, text))
	if err := json.Unmarshal([]byte(answer), &got); err != nil || got.Challenge.Version != 1 {
		p.t.Fatalf("the answer to hello = %s; want a challenge", answer)
	}
	return got.Challenge.Nonce
}

// A neighbour is a well-behaved client beside the tested one, with a connection in each
// dialect.
type neighbour struct {
	t        testing.TB
	v1, ipcx *peer

	mu sync.Mutex // protects n
	n  int
}

func newNeighbour(t testing.TB, srv *actors.Server) *neighbour {
	t.Helper()
	n := &neighbour{t: t, v1: dialPeer(t, srv, protocol.Subprotocol), ipcx: dialPeer(t, srv, "ipcx")}
	n.v1.shakeHands(secret)
	n.check("at first")
	return n
}

// check calls a route in both dialects. Each call must succeed.
func (n *neighbour) check(when string) {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.n++
	if got, want := n.v1.ask(fmt.Sprintf(`{"id":%d,"call":"echo","data":%d}`, n.n, n.n)), fmt.Sprintf(`{"id":%d,"ok":%d}`, n.n, n.n); got != want {
		n.t.Errorf("%s: the neighbour's call = %s; want %s", when, got, want)
	}
	if got, want := n.ipcx.ask(envelope("echo", fmt.Sprintf(`{"n":%d}`, n.n))), fmt.Sprintf(`{"n":%d}`, n.n); got != want {
		n.t.Errorf("%s: the neighbour's request = %s; want %s", when, got, want)
	}
}

// envelope returns a request of the Python package's dialect.
func envelope(endpoint, data string) string {
	return fmt.Sprintf(`{"endpoint":%q,"data":%s,"headers":{"Authorization":%q}}`, endpoint, data, secret)
}

// serve starts srv on a listener and returns its address. It ends with the test.
func serve(t testing.TB, srv *actors.Server, l net.Listener) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("Serve = %v; want nil", err)
		}
	})
	return l.Addr().String()
}
