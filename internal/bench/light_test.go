package bench

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/wire/protocol"
)

// A light client needs hardly any time, and allocates nothing: it sends frames that were
// made before, and skips the answers.
type light struct {
	conn   net.Conn
	answer *bufio.Reader
}

func dialLight(b *testing.B, addr, dialect string) *light {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	l := &light{conn: conn, answer: bufio.NewReaderSize(conn, 64<<10)}
	upgrade := "GET / HTTP/1.1\r\nHost: bot\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + strings.Repeat("A", 22) + "==\r\n"
	if dialect != "" {
		upgrade += "Sec-WebSocket-Protocol: " + dialect + "\r\n"
	}
	l.write(b, []byte(upgrade+"\r\n"))
	resp, err := http.ReadResponse(l.answer, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		b.Fatalf("the server answers %v, %v; want a WebSocket", resp, err)
	}
	if dialect == protocol.Subprotocol {
		l.write(b, frame(`{"hello":{"v":[1],"nonce":"`+strings.Repeat("A", 43)+`="}}`))
		if text := l.read(b); !strings.Contains(text, "welcome") {
			b.Fatalf("the server says %s; want a welcome", text)
		}
	}
	return l
}

// frame returns text as a client's frame. Its masking key is zero, so masking does not
// change the text.
func frame(text string) []byte {
	var f []byte
	switch n := len(text); {
	case n < 126:
		f = append(f, 0x81, 0x80|byte(n))
	case n < 1<<16:
		f = binary.BigEndian.AppendUint16(append(f, 0x81, 0x80|126), uint16(n))
	default:
		f = binary.BigEndian.AppendUint64(append(f, 0x81, 0x80|127), uint64(n))
	}
	return append(append(f, 0, 0, 0, 0), text...)
}

func (l *light) write(b *testing.B, p []byte) {
	if _, err := l.conn.Write(p); err != nil {
		b.Fatal(err)
	}
}

// header reads the header of an answer and returns its length.
func (l *light) header(b *testing.B) int {
	h, err := l.answer.Peek(2)
	if err != nil {
		b.Fatal(err)
	}
	n, size := int(h[1]), 2
	if n >= 126 {
		size = 4
		if n == 127 {
			size = 10
		}
		if h, err = l.answer.Peek(size); err != nil {
			b.Fatal(err)
		}
		if n = int(binary.BigEndian.Uint16(h[2:])); size == 10 {
			n = int(binary.BigEndian.Uint64(h[2:]))
		}
	}
	_, _ = l.answer.Discard(size)
	return n
}

func (l *light) skip(b *testing.B) {
	if _, err := l.answer.Discard(l.header(b)); err != nil {
		b.Fatal(err)
	}
}

func (l *light) read(b *testing.B) string {
	text := make([]byte, l.header(b))
	if _, err := io.ReadFull(l.answer, text); err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// A request returns the frame of call id.
func request(dialect, data string, id uint64) []byte {
	if dialect == "" {
		return frame(`{"endpoint": "echo", "data": ` + data + `, "headers": {"Authorization": "` + secret + `"}}`)
	}
	return frame(`{"id":` + strconv.FormatUint(id, 10) + `,"call":"echo","data":` + data + `}`)
}

// BenchmarkServer measures calls of one connection, with one or 32 of them in flight. All
// allocations are the server's, including the handler's.
func BenchmarkServer(b *testing.B) {
	for _, depth := range []int{1, 32} {
		for _, name := range []string{"gorilla", "ipcx", "v1"} {
			b.Run(fmt.Sprintf("depth=%d/server=%s", depth, name), func(b *testing.B) {
				addr, dialect := serve(b, name)
				l := dialLight(b, addr, dialect)
				data := `{"guild_id":123456789012345678,"pad":"` + strings.Repeat("x", 60) + `"}`
				l.write(b, request(dialect, data, 1<<40))
				if text := l.read(b); !strings.Contains(text, data) { // otherwise it would measure refusals
					b.Fatalf("the server says %s; want %s in it", text, data)
				}
				var batch []byte
				for i := range depth { // the id of an answered call may be used again
					batch = append(batch, request(dialect, data, uint64(1<<40+i))...)
				}
				b.ReportAllocs()
				for b.Loop() {
					l.write(b, batch)
					for range depth {
						l.skip(b)
					}
				}
				b.ReportMetric(float64(b.N*depth)/b.Elapsed().Seconds(), "calls/s")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/call")
			})
		}
	}
}
