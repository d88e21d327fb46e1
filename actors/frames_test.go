package actors_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

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
