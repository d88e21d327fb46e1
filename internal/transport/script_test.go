package transport

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A script is a connection with a peer that says a text and then hangs up. The text
// comes in chunks of the given sizes, or whole.
type script struct {
	net.Conn // panics if a test needs another method
	text     []byte
	sizes    []int
	reads    int
	heard    []byte // the bytes that were written behind the handshake
	answers  bool   // the other end is a client, and this end answers its handshake
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.text) == 0 {
		return 0, io.EOF
	}
	size := len(s.text)
	if len(s.sizes) > 0 {
		size = min(size, s.sizes[s.reads%len(s.sizes)])
	}
	s.reads++
	n := copy(p, s.text[:size])
	s.text = s.text[n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error) {
	s.heard = append(s.heard, p...)
	if i := bytes.Index(s.heard, []byte("\r\n\r\n")); i >= 0 && s.reads == 0 {
		if s.answers {
			s.text = append(answerTo(s.heard[:i]), s.text...)
		}
		s.heard = s.heard[i+4:]
	}
	return len(p), nil
}

func (s *script) Close() error                     { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// answerTo returns a server's answer to a client's handshake.
func answerTo(request []byte) []byte {
	_, key, _ := strings.Cut(string(request), "Sec-WebSocket-Key: ")
	key, _, _ = strings.Cut(key, "\r\n")
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n")
}

// handshake returns a client's request.
func handshake() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, value := range map[string]string{
		"Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
	} {
		r.Header.Set(name, value)
	}
	return r
}

// acceptOn returns the server's end over conn.
func acceptOn(t testing.TB, conn net.Conn, limit int) *Conn {
	t.Helper()
	c, err := NewAcceptor(AcceptOptions{MaxMessage: limit}).Accept(hijackable{httptest.NewRecorder(), conn}, handshake())
	if err != nil {
		t.Fatalf("Accept failed: %v", err)
	}
	return c
}
