package actors_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/protocol"
)

var dialects = []string{"ipcx", protocol.Subprotocol}

// echoOf returns a good call of echo in a dialect, and its answer.
func echoOf(dialect string) (call, answer string) {
	if dialect == "ipcx" {
		return envelope("echo", `{"n":1}`), `{"n":1}`
	}
	return `{"id":1,"call":"echo","data":{"n":1}}`, `{"id":1,"ok":{"n":1}}`
}

// known returns a client that has authenticated.
func known(t testing.TB, srv *actors.Server, dialect string) *peer {
	t.Helper()
	p := dialPeer(t, srv, dialect)
	if dialect == protocol.Subprotocol {
		p.shakeHands(secret)
	} else if got := p.ask(envelope("echo", "{}")); got != "{}" {
		t.Fatalf("the first request = %s; want {}", got)
	}
	return p
}

// TestFrames_bad sends frames after which RFC 6455 wants the connection closed.
func TestFrames_bad(t *testing.T) {
	unmasked := append([]byte{0x80 | opText, 2}, "{}"...)
	for _, c := range []struct {
		name  string
		bytes []byte
		code  int
	}{
		{"unmasked", unmasked, 1002},
		{"compressed", frameOf(0xC0|opText, "{}"), 1002},
		{"second reserved bit", frameOf(0xA0|opText, "{}"), 1002},
		{"third reserved bit", frameOf(0x90|opText, "{}"), 1002},
		{"unknown opcode", frameOf(0x80|0x3, "{}"), 1002},
		{"unknown control opcode", frameOf(0x80|0xB, ""), 1002},
		{"continuation of nothing", frameOf(0x80|opContinue, "{}"), 1002},
		{"text inside a message", append(frameOf(opText, "{"), frameOf(0x80|opText, "}")...), 1002},
		{"ping in pieces", frameOf(opPing, ""), 1002},
		{"long ping", frameOf(0x80|opPing, strings.Repeat("x", 126)), 1002},
		{"close with half a code", frameOf(0x80|opClose, "x"), 1002},
		{"close with a reserved code", frameOf(0x80|opClose, "\x03\xed"), 1002},
		{"close with a reason that is not UTF-8", frameOf(0x80|opClose, "\x03\xe8\xff"), 1002},
		{"not UTF-8", frameOf(0x80|opText, "{\"a\":\"\xff\"}"), 1007},
		{"not UTF-8, in pieces", append(frameOf(opText, "{\"a\":\"\xc3"), frameOf(0x80|opContinue, "\"}")...), 1007},
		{"4 MiB", header(0x80|opText, 4<<20), 1009},
		{"4 MiB in pieces", append(frameOf(opText, strings.Repeat(" ", 1<<20)), header(0x80|opContinue, 3<<20)...), 1009},
		{"4 GiB", header(0x80|opText, 4<<30), 1009},
		{"a length that is no number", header(0x80|opText, 1<<63+5), 1009},
	} {
		for _, dialect := range dialects {
			t.Run(c.name+" "+dialect, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					srv := newServer(t, nil)
					beside := newNeighbour(t, srv)
					p := known(t, srv, dialect)
					go p.write(c.bytes) // the server may close before it has read all
					p.wantClose(c.code)
					beside.check("behind it")
				})
			})
		}
	}
}

// TestFrames_good sends unusual frames that are valid.
func TestFrames_good(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t, nil)
				p := known(t, srv, dialect)
				call, answer := echoOf(dialect)
				check := func(name string) {
					t.Helper()
					if got := p.answer(); got != answer {
						t.Errorf("%s: the answer = %.200s; want %s", name, got, answer)
					}
				}
				p.write(frameOf(opText, call[:5]))
				p.write(frameOf(0x80|opPing, "still there?"))
				for _, c := range call[5:] {
					p.write(frameOf(opContinue, string(c)))
				}
				p.write(frameOf(0x80|opContinue, ""))
				if f := <-p.frames; f.op != opPong || f.text != "still there?" {
					t.Errorf("the server sent %v; want a pong with the ping's text", f)
				}
				check("in pieces, with a ping between")
				p.write(frameOf(0x80|opBinary, call))
				check("binary")
				p.write(frameOf(0x80|opPong, "nobody asked"))
				p.say(call + strings.Repeat(" ", protocol.MaxMessage-len(call)))
				check("the largest message")
				for _, b := range frameOf(0x80|opText, call) {
					p.write([]byte{b})
				}
				check("byte by byte")
				p.write(frameOf(0x80|opClose, "\x0f\xa0bye"))
				p.wantClose(1000)
			})
		})
	}
}

// TestFrames_random sends good calls with random damage.
func TestFrames_random(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		beside := newNeighbour(t, srv)
		r := rand.New(rand.NewPCG(1, 2))
		for round := range 300 {
			dialect := dialects[round%2]
			p := known(t, srv, dialect)
			call, _ := echoOf(dialect)
			for range 10 {
				b := frameOf(0x80|opText, call)
				for range r.IntN(4) {
					switch i := r.IntN(len(b)); r.IntN(3) {
					case 0:
						b[i] = byte(r.IntN(256))
					case 1:
						b = append(b[:i], b[i+1:]...)
					case 2:
						b = append(b[:i], append([]byte{byte(r.IntN(256))}, b[i:]...)...)
					}
				}
				go p.write(b) // until the connection ends
				synctest.Wait()
			}
			p.leave()
			if round%10 == 0 {
				beside.check("beside random frames")
			}
		}
	})
}

// TestFrames_neverEnd begins a frame and stops. An authenticated client may be silent
// between messages for ever, but not inside of one.
func TestFrames_neverEnd(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t, nil)
				beside := newNeighbour(t, srv)
				p := known(t, srv, dialect)
				began := time.Now()
				p.write(frameOf(opText, `{"data":"`))
				for range 28 {
					time.Sleep(time.Second)
					p.write(frameOf(opContinue, "x"))
				}
				beside.check("meanwhile")
				f, _ := p.hear()
				if took := time.Since(began); f.code() != 1008 || took != 30*time.Second {
					t.Errorf("a message without an end got %v after %v; want Close 1008 after 30s", f, took)
				}
				beside.check("behind it")
			})
		})
	}
}

func TestHandshake_neverEnds(t *testing.T) {
	for _, text := range []string{
		"", "GET", "GET / HTTP/1.1\r\nHost: bot\r\n",
		"POST / HTTP/1.1\r\nHost: bot\r\nContent-Length: 1000\r\n\r\nabc",
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := newServer(t, nil)
			beside := newNeighbour(t, srv)
			conn, err := srv.DialContext(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, text)
			began := time.Now()
			_, _ = io.Copy(io.Discard, conn)
			if took := time.Since(began); took > 11*time.Second {
				t.Errorf("a handshake that began %q was cut after %v; want 10s", text, took)
			}
			beside.check("behind it")
		})
	}
}

func TestHandshake_refused(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"foreign origin", []string{"Origin: https://evil.example"}, http.StatusForbidden},
		{"no origin at all", []string{"Origin: null"}, http.StatusForbidden},
		{"empty origin", []string{"Origin:"}, http.StatusForbidden},
		{"two origins", []string{"Origin: https://dash.example", "Origin: https://evil.example"}, http.StatusForbidden},
		{"origin that starts alike", []string{"Origin: https://dash.example.evil.example"}, http.StatusForbidden},
		{"the same host elsewhere", []string{"Origin: http://dash.example"}, http.StatusForbidden},
		{"our origin", []string{"Origin: https://dash.example"}, http.StatusSwitchingProtocols},
		{"compression", []string{"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}, http.StatusSwitchingProtocols},
		{"other subprotocols", []string{"Sec-WebSocket-Protocol: graphql-ws, cogbus.v2"}, http.StatusSwitchingProtocols},
		{"long line", []string{"X: " + strings.Repeat("x", 8190)}, http.StatusBadRequest},
		{"endless header", []string{"X: " + strings.Repeat("x", 20_000)}, http.StatusRequestHeaderFieldsTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t, &actors.Options{Origins: []string{"https://dash.example"}})
				beside := newNeighbour(t, srv)
				conn, err := srv.DialContext(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				p := newRefused(t, conn, c.headers...)
				if p.resp.StatusCode != c.status {
					t.Errorf("handshake with %.100q = %s; want %d", c.headers, p.resp.Status, c.status)
				}
				for _, name := range []string{"Sec-Websocket-Extensions", "Sec-Websocket-Protocol"} {
					if got := p.resp.Header.Get(name); got != "" {
						t.Errorf("%s = %q; want nothing negotiated", name, got)
					}
				}
				beside.check("behind it")
				time.Sleep(time.Second) // net/http lingers when it has refused a header
			})
		})
	}
}

// newRefused is newPeer for handshakes of which the server may not read all.
func newRefused(t testing.TB, conn net.Conn, headers ...string) *peer {
	t.Helper()
	return newPeer(t, &unread{Conn: conn}, "ipcx", headers...)
}

// An unread connection lets its writer go on while the server answers.
type unread struct{ net.Conn }

func (u *unread) Write(b []byte) (int, error) {
	go func() { _, _ = u.Conn.Write(b) }()
	return len(b), nil
}

// TestOptions_maxConnections fills the server up.
func TestOptions_maxConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, &actors.Options{MaxConnections: 4})
		beside := newNeighbour(t, srv) // it has two connections
		one, two := known(t, srv, "ipcx"), known(t, srv, protocol.Subprotocol)
		conn, err := srv.DialContext(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		p := newPeer(t, conn, "ipcx")
		if p.resp.StatusCode != http.StatusServiceUnavailable || p.resp.Header.Get("Retry-After") == "" {
			t.Errorf("the fifth handshake = %s, %v; want 503 and when to come back", p.resp.Status, p.resp.Header)
		}
		p.leave()
		// silent connections must not take the places of others
		var silent []net.Conn
		for range 5 {
			conn, err := srv.DialContext(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			silent = append(silent, conn)
		}
		if _, err := silent[4].Read(make([]byte, 1)); err == nil {
			t.Error("the fifth silent connection was answered; want it closed")
		}
		for _, c := range silent {
			_ = c.Close()
		}
		beside.check("when full")
		one.leave()
		two.leave()
		time.Sleep(2 * time.Second)
		known(t, srv, "ipcx")
		known(t, srv, protocol.Subprotocol)
	})
}

// TestOptions_maxCalls has more calls in flight than a connection may.
func TestOptions_maxCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, &actors.Options{MaxCalls: 10})
		beside := newNeighbour(t, srv)
		p := known(t, srv, protocol.Subprotocol)
		for id := 1; id <= 12; id++ {
			p.say(fmt.Sprintf(`{"id":%d,"call":"sleep","data":{"s":1}}`, id))
		}
		for id := 11; id <= 12; id++ {
			if got, want := p.answer(), fmt.Sprintf(`{"id":%d,"err":{"code":"overloaded"`, id); !strings.HasPrefix(got, want) || !strings.Contains(got, "retry_ms") {
				t.Errorf("a call too many = %s; want %s and when to come back", got, want)
			}
		}
		beside.check("beside it")
		for range 10 {
			if got := p.answer(); !strings.Contains(got, `"ok":"slept"`) {
				t.Errorf("a call within the limit = %s; want its result", got)
			}
		}
		if got := p.ask(`{"id":13,"call":"echo","data":1}`); got != `{"id":13,"ok":1}` {
			t.Errorf("a call behind them = %s; want its result", got)
		}
	})
}
