package actors_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/protocol"
)

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
