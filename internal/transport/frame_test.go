package transport

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/websocket"
)

func TestParseHeader(t *testing.T) {
	for _, c := range []struct {
		bytes string
		want  string
	}{
		{"", "size 0, part"},
		{"\x81", "size 0, part"},
		{"\x81\x05", "81 false size 2 length 5"},
		{"\x82\x7d...", "82 false size 2 length 125"},
		{"\x81\x85\x01\x02\x03", "size 6, part"},
		{"\x81\x85\x01\x02\x03\x04", "81 true size 6 length 5 key 01020304"},
		{"\x81\x7e\x01", "size 4, part"},
		{"\x81\x7e\x01\x00", "81 false size 4 length 256"},
		{"\x81\x7e\x00\x01", "81 false size 4 length 1"}, // more bytes of length than needed
		{"\x81\x7f\x00\x00\x00\x00\x00\x01\x00", "size 10, part"},
		{"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "81 false size 10 length 65536"},
		{"\xf1\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03", "size 14, part"},
		{"\xf1\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", "f1 true size 14 length 18446744073709551615 key 01020304"},
	} {
		h, whole := parseHeader([]byte(c.bytes))
		got := fmt.Sprintf("size %d, part", h.size)
		if whole {
			got = fmt.Sprintf("%x %v size %d length %d", h.first, h.masked, h.size, h.length)
		}
		if whole && h.masked {
			got += fmt.Sprintf(" key %x", h.key)
		}
		if got != c.want {
			t.Errorf("parseHeader(%q) = %s; want %s", c.bytes, got, c.want)
		}
	}
}

func TestUnmask(t *testing.T) {
	key := [4]byte{1, 2, 4, 8}
	for size := range 100 {
		plain := bytes.Repeat([]byte("cogbus."), 20)[:size+1]
		p, want := bytes.Clone(plain), bytes.Clone(plain)
		for i := range want[:size] { // the byte behind the payload stays
			want[i] ^= key[i%4]
		}
		if unmask(p[:size], key); !bytes.Equal(p, want) {
			t.Errorf("unmask of %d bytes = %x; want %x", size, p, want)
		}
	}
}

// FuzzFrame compares the frames of both ends to the frames of the WebSocket library,
// which differ only in the key.
func FuzzFrame(f *testing.F) {
	for _, size := range []int{0, 1, 7, 8, 9, 31, 32, 33, 125, 126, 127, 65535, 65536} {
		f.Add(bytes.Repeat([]byte("a\x00é"), size/4+1)[:size], uint32(size)*0x01020304)
	}
	var theirs script
	server, err := (&websocket.Upgrader{}).Upgrade(hijackable{httptest.NewRecorder(), &theirs}, handshake(), nil)
	if err != nil {
		f.Fatal(err)
	}
	theirsMasked := script{answers: true}
	d := websocket.Dialer{
		WriteBufferSize: 1 << 20, // the library makes fragments of longer messages
		NetDialContext:  func(context.Context, string, string) (net.Conn, error) { return &theirsMasked, nil },
	}
	client, _, err := d.Dial("ws://bot/", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte, key uint32) {
		if len(text) > 1<<20 {
			return
		}
		for _, end := range []struct {
			ws     *websocket.Conn
			script *script
			masked bool
		}{{server, &theirs, false}, {client, &theirsMasked, true}} {
			end.script.heard = nil
			if err := end.ws.WriteMessage(websocket.TextMessage, text); err != nil {
				t.Fatal(err)
			}
			want := end.script.heard
			got := appendFrame([]byte("before"), text, end.masked)
			if string(got[:6]) != "before" {
				t.Fatalf("appendFrame changed what stands before: %q", got[:6])
			}
			got = got[6:]
			for _, frame := range [][]byte{got, want} {
				h, whole := parseHeader(frame)
				if !whole || h.first != finText || h.masked != end.masked || h.length != uint64(len(text)) || h.size+len(text) != len(frame) {
					t.Fatalf("parseHeader(%x) = %+v, %v; want the header of a text of %d bytes", frame[:min(14, len(frame))], h, whole, len(text))
				}
				if h.masked {
					unmask(frame[h.size:], h.key)
					clear(frame[h.size-4 : h.size])
				}
			}
			if !bytes.Equal(got, want) {
				t.Errorf("appendFrame(%q), unmasked = %x; the library writes %x", text, got, want)
			}
		}
		masked := bytes.Clone(text)
		unmask(masked, [4]byte(binary.LittleEndian.AppendUint32(nil, key)))
		for i := range masked {
			if masked[i]^text[i] != byte(key>>(8*(i%4))) {
				t.Fatalf("unmask(%q, %08x): byte %d is %02x", text, key, i, masked[i])
			}
		}
	})
}

// TestAppendFrame_keys checks that keys differ, since an author of the text must not
// know the key.
func TestAppendFrame_keys(t *testing.T) {
	keys := map[[4]byte]bool{}
	for range 100 {
		h, _ := parseHeader(appendFrame(nil, []byte("hello"), true))
		keys[h.key] = true
	}
	if len(keys) < 99 { // two may be equal once in a million runs
		t.Errorf("of 100 frames only %d have a key of their own", len(keys))
	}
}
