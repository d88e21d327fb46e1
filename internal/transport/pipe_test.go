package transport

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// A pipe counts the writes to one end of a net.Pipe.
type pipe struct {
	net.Conn
	writes atomic.Int64
}

func (p *pipe) Write(b []byte) (int, error) {
	p.writes.Add(1)
	return p.Conn.Write(b)
}

// A hijackable is a ResponseWriter as an HTTP server would pass it to Accept.
type hijackable struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// accept returns a server's connection and the client's end of the pipe below,
// from which the answer to the handshake has been read.
func accept(t testing.TB) (c *Conn, counted *pipe, client net.Conn) {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	counted = &pipe{Conn: server}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, value := range map[string]string{
		"Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
	} {
		r.Header.Set(name, value)
	}
	accepted := make(chan error, 1)
	go func() {
		var err error
		c, err = NewAcceptor(AcceptOptions{MaxMessage: 4<<20 - 1}).Accept(hijackable{httptest.NewRecorder(), counted}, r)
		accepted <- err
	}()
	for line := []byte(nil); !bytes.HasSuffix(line, []byte("\r\n\r\n")); {
		b := make([]byte, 1)
		if _, err := client.Read(b); err != nil {
			t.Fatal(err)
		}
		line = append(line, b...)
	}
	if err := <-accepted; err != nil {
		t.Fatalf("Accept failed: %v", err)
	}
	t.Cleanup(c.Abort)
	counted.writes.Store(0)
	return c, counted, client
}

// masked returns a client's frame.
func masked(first byte, text string) []byte {
	return append([]byte{first, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}
