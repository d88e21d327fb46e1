package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// These limits are small, since most special cases are near a limit.
const (
	smallLimit = 300
	largeLimit = 70_000
)

// A story is the course of a connection: the messages that came, the reason why it
// ended, and the frames that were sent to the peer.
type story struct {
	Messages []string
	End      string
	Said     []string
}

func (s *story) message(text bool, b []byte) {
	s.Messages = append(s.Messages, fmt.Sprintf("%v %x", text, b))
}

func (s *story) ended(err error) {
	switch code, reason, closed := CloseStatus(err); {
	case closed:
		s.End = fmt.Sprintf("Close %d %q", code, reason)
	case TooBig(err):
		s.End = "too big"
	case Cut(err):
		s.End = "cut"
	default:
		s.End = err.Error()
	}
}

// said notes the frames that were written.
func (s *story) said(b []byte) {
	for len(b) > 0 {
		h, whole := parseHeader(b)
		if !whole || h.length > uint64(len(b)-h.size) {
			s.Said = append(s.Said, fmt.Sprintf("no frame: %x", b))
			return
		}
		payload := b[h.size : h.size+int(h.length)]
		b = b[h.size+int(h.length):]
		if h.masked {
			unmask(payload, h.key)
		}
		s.Said = append(s.Said, fmt.Sprintf("%x %q", h.first, payload))
	}
}

// ours returns the course of a connection that Receive reads, from a text that arrives
// in chunks.
func ours(t *testing.T, text []byte, client bool, limit int, sizes []int) (s story) {
	peer := &script{text: text, sizes: sizes, answers: client}
	var c *Conn
	if client {
		var err error
		c, err = Dial(t.Context(), "ws://bot/", DialOptions{
			MaxMessage:  limit,
			DialContext: func(context.Context, string, string) (net.Conn, error) { return peer, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
	} else {
		c = acceptOn(t, peer, limit)
	}
	for {
		b, isText, err := c.Receive()
		if err != nil {
			s.ended(err)
			if _, _, again := c.Receive(); !errors.Is(again, err) {
				t.Errorf("Receive after %v = %v; want the same", err, again)
			}
			c.Flush()
			s.said(peer.heard)
			return s
		}
		s.message(isText, b.B)
		b.Free()
	}
}

// theirs returns the course of a connection that the WebSocket library reads alone.
func theirs(t *testing.T, text []byte, client bool, limit int) (s story) {
	peer := &script{text: text, answers: client}
	var ws *websocket.Conn
	var err error
	if client {
		d := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return peer, nil }}
		ws, _, err = d.Dial("ws://bot/", nil)
	} else {
		ws, err = (&websocket.Upgrader{ReadBufferSize: 256}).Upgrade(hijackable{httptest.NewRecorder(), peer}, handshake(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(int64(limit))
	ws.SetCloseHandler(func(code int, _ string) error {
		answer := websocket.FormatCloseMessage(CloseNormal, "")
		if code == websocket.CloseNoStatusReceived && firstClose(text).length == 1 {
			// the library takes half a code for none
			answer = websocket.FormatCloseMessage(websocket.CloseProtocolError, "a close code has two bytes")
		}
		return ws.WriteControl(websocket.CloseMessage, answer, noDeadline)
	})
	for {
		kind, b, err := ws.ReadMessage()
		if err != nil {
			if errors.Is(err, websocket.ErrReadLimit) {
				// the library sends no Close if the length is invalid
				_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseMessageTooBig, ""), noDeadline)
			}
			s.ended(err)
			s.said(peer.heard)
			return s
		}
		s.message(kind == websocket.TextMessage, b)
	}
}

// firstClose returns the header of the first Close. The text before it must be valid.
func firstClose(text []byte) header {
	h, _ := parseHeader(text)
	for h.first != opClose {
		text = text[h.size+int(h.length):]
		h, _ = parseHeader(text)
	}
	return h
}

// endsInLength reports whether a text ends behind an invalid length, and before the
// mask. The library does not wait for the mask there, and says that the message is too
// big.
func endsInLength(text []byte) bool {
	for {
		h, whole := parseHeader(text)
		switch {
		case !whole:
			return len(text) >= 10 && h.size == 14 && text[2] >= 0x80
		case h.length > uint64(len(text)-h.size):
			return false
		}
		text = text[h.size+int(h.length):]
	}
}

func agree(t *testing.T, text []byte, client bool, limit int, sizes []int) {
	t.Helper()
	if endsInLength(text) {
		return
	}
	want, got := theirs(t, text, client, limit), ours(t, text, client, limit, sizes)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("client %v, in chunks of %v: %.2000x\ndiffers from the WebSocket library alone (-want +got):\n%.4000s", client, sizes, text, diff)
	}
}

func FuzzReceive(f *testing.F) {
	for seed := range uint64(40) {
		w := frameWriter{r: rand.New(rand.NewPCG(seed, 7)), masked: seed%2 == 0, limit: smallLimit}
		w.stream()
		f.Add(w.b, []byte{byte(seed), 1, 0}, !w.masked)
	}
	f.Fuzz(func(t *testing.T, text, chunks []byte, client bool) {
		var sizes []int
		for _, c := range chunks {
			sizes = append(sizes, 1+int(c)*int(c)/4)
		}
		agree(t, text, client, smallLimit, sizes)
	})
}

func TestReceive_asLibrary(t *testing.T) {
	for seed := range uint64(1_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := frameWriter{r: r, masked: r.IntN(2) == 0, limit: smallLimit}
		if seed%8 == 0 {
			w.limit = largeLimit
		}
		w.stream()
		var sizes []int
		for range r.IntN(4) {
			sizes = append(sizes, 1+[]int{0, 1, r.IntN(20), r.IntN(300), r.IntN(20_000)}[r.IntN(5)])
		}
		if agree(t, w.b, !w.masked, w.limit, sizes); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestReceive_asLibrary_sockets reads from sockets of the system, in contrast to
// TestReceive_asLibrary.
func TestReceive_asLibrary_sockets(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			near, far := sockets(t, network)
			for seed := range uint64(100) {
				w := frameWriter{r: rand.New(rand.NewPCG(seed, 2)), masked: true, limit: largeLimit}
				w.stream()
				client, server := near(), far()
				heard := make(chan []byte)
				go func() {
					b, _ := io.ReadAll(client)
					_ = client.Close()
					heard <- b
				}()
				go func() {
					for b := w.b; len(b) > 0; {
						n := min(len(b), 1+w.r.IntN(1+len(b)))
						if _, err := client.Write(b[:n]); err != nil {
							break // the server has failed before it has read all
						}
						b = b[n:]
					}
					_ = client.(interface{ CloseWrite() error }).CloseWrite()
				}()
				c := acceptOn(t, server, w.limit)
				if c.frames.in.raw == nil && waitsWithoutBuffer {
					t.Fatalf("%T waits with a buffer", server)
				}
				got := story{}
				var err error
				for err == nil {
					// a reader may change goroutines
					read := make(chan struct{})
					go func() {
						defer close(read)
						b, isText, failed := c.Receive()
						if err = failed; err == nil {
							got.message(isText, b.B)
							b.Free()
						}
					}()
					<-read
				}
				got.ended(err)
				c.Linger(lingerWait)
				_, said, _ := cutHead(<-heard)
				got.said(said)
				if diff := cmp.Diff(theirs(t, w.b, false, w.limit), got); diff != "" {
					t.Fatalf("seed %d: differs from the WebSocket library alone (-want +got):\n%.4000s", seed, diff)
				}
				if c.frames.in.pooled != nil {
					t.Fatalf("seed %d: a connection that has ended holds a buffer", seed)
				}
			}
		})
	}
}
