package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A step of a peer is a pause, and a text behind it.
type step struct {
	after time.Duration
	bytes string
}

// TestReceive_deadlines checks that a message must arrive in time once it has begun,
// and that an idle peer has no deadline.
func TestReceive_deadlines(t *testing.T) {
	const hello = "hello"
	text, ping := string(masked(finText, hello)), string(masked(0x89, "?"))
	dribble := func(s string, every time.Duration) (steps []step) {
		for _, c := range []byte(s) {
			steps = append(steps, step{every, string([]byte{c})})
		}
		return steps
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  int           // the number of messages
		late  time.Duration // when the late message begins; 0: no message is late, and the peer hangs up
	}{
		{"nothing", []step{{time.Hour, text}}, 1, 0},
		{"half a header", []step{{time.Hour, text[:1]}}, 0, time.Hour},
		{"a header", []step{{time.Hour, text[:6]}}, 0, time.Hour},
		{"half a message", []step{{time.Hour, text[:8]}, {20 * time.Second, text[8:9]}}, 0, time.Hour},
		{"half a message behind a ping", []step{{time.Hour, ping + text[:8]}}, 0, time.Hour},
		{"half a header behind a ping", []step{{0, ping}, {time.Hour, text[:1]}}, 0, time.Hour},
		{"half a ping", []step{{time.Hour, ping[:6]}}, 0, time.Hour},
		{"half a ping's header behind a ping", []step{{0, ping}, {time.Hour, ping[:3]}}, 0, time.Hour},
		{"a slow message", dribble(text, 2*time.Second), 1, 0},
		{"a message that is too slow", dribble(text, 4*time.Second), 0, 4 * time.Second},
		{"a ping in parts, then nothing", []step{{time.Hour, ping[:1]}, {time.Second, ping[1:]}, {time.Hour, text}}, 1, 0},
		{"a ping's payload in parts, then nothing", []step{{0, ping[:6]}, {time.Second, ping[6:]}, {time.Hour, text}}, 1, 0},
		{"a message in parts, then nothing", []step{{0, text[:1]}, {time.Second, text[1:]}, {time.Hour, text}}, 2, 0},
		{"messages that begin where others end", []step{
			{0, text[:5]}, {20 * time.Second, text[5:] + text[:1]}, {20 * time.Second, text[1:] + text[:8]}, {20 * time.Second, text[8:]},
		}, 3, 0},
		{"pings that begin where others end", []step{
			{0, ping[:5]}, {20 * time.Second, ping[5:] + ping[:1]}, {20 * time.Second, ping[1:] + ping[:6]}, {20 * time.Second, ping[6:] + text},
		}, 1, 0},
		{"fragments", []step{{0, string(masked(1, "a"))}, {20 * time.Second, string(masked(0, "b"))}, {9 * time.Second, string(masked(0x80, "c"))}, {time.Hour, text}}, 2, 0},
		{"fragments and pings that are too slow", []step{
			{time.Hour, string(masked(1, "a"))}, {9 * time.Second, ping}, {9 * time.Second, ping[:2]}, {2 * time.Second, ping[2:]}, {9 * time.Second, ping}, {9 * time.Second, string(masked(0x80, "c"))},
		}, 0, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, _, peer := accept(t)
				heard := make(chan string)
				go func() {
					b, _ := io.ReadAll(peer)
					heard <- string(b)
				}()
				var peerEnds sync.WaitGroup
				peerEnds.Go(func() {
					for _, s := range c.steps {
						time.Sleep(s.after)
						if _, err := peer.Write([]byte(s.bytes)); err != nil {
							return
						}
					}
					if c.late == 0 {
						time.Sleep(frameTimeout - time.Millisecond)
						_ = peer.Close()
					}
				})
				began := time.Now()
				got := 0
				var err error
				for err == nil {
					if _, _, err = conn.Receive(); err == nil {
						got++
					}
				}
				took := time.Since(began)
				conn.Linger(time.Second)
				said := <-heard
				ne, isNet := errors.AsType[net.Error](err)
				peerEnds.Wait()
				if got != c.want {
					t.Errorf("%d messages came; want %d", got, c.want)
				}
				if c.late == 0 {
					if !Cut(err) {
						t.Errorf("Receive = %v; want an error that says that the peer has hung up", err)
					}
					return
				}
				if !isNet || !ne.Timeout() || took != c.late+frameTimeout {
					t.Errorf("Receive = %v after %v; want a timeout after %v", err, took, c.late+frameTimeout)
				}
				if !strings.HasSuffix(said, "\x88\x22\x03\xf0a message did not arrive in time") {
					t.Errorf("the peer heard %q; want a Close 1008", said)
				}
			})
		})
	}
}

// TestReceive_sees does not wait for bytes that cannot change the outcome.
func TestReceive_sees(t *testing.T) {
	top := func(length string) string { return "\x81\xff" + length + "\x01\x02\x03\x04" }
	for _, c := range []struct{ name, bytes, end, code string }{
		{"reserved bits", "\xf1\xff", "websocket: RSV1 set, RSV2 set, RSV3 set", "\x03\xea"},
		{"no mask", "\x81\x7f", "websocket: bad MASK", "\x03\xea"},
		{"an opcode", "\x83\xff", "websocket: bad opcode 3", "\x03\xea"},
		{"a long ping", "\x89\xfe", "websocket: len > 125 for control", "\x03\xea"},
		{"a ping in fragments", "\x09\x85", "websocket: FIN not set on control", "\x03\xea"},
		{"a late fragment", "\x80\xff", "websocket: continuation after FIN", "\x03\xea"},
		{"text within fragments", string(masked(1, "a")) + "\x81\xff", "websocket: data before FIN", "\x03\xea"},
		{"a long message", top("\x00\x00\x00\x00\x00\x40\x00\x00"), "too big", "\x03\xf1"},
		{"2^63 bytes", top("\x80\x00\x00\x00\x00\x00\x00\x00"), "too big", "\x03\xf1"},
		{"2^64 - 1 bytes", top("\xff\xff\xff\xff\xff\xff\xff\xff"), "too big", "\x03\xf1"},
		{"2^64 - 10 bytes", top("\xff\xff\xff\xff\xff\xff\xff\xf6"), "too big", "\x03\xf1"},
		{"2^64 - 14 bytes", top("\xff\xff\xff\xff\xff\xff\xff\xf2"), "too big", "\x03\xf1"},
		{"long fragments", "\x01" + top("\x00\x00\x00\x00\x00\x30\x00\x00")[1:] + strings.Repeat("x", 0x30_0000) + "\x80" + top("\x00\x00\x00\x00\x00\x10\x00\x00")[1:], "too big", "\x03\xf1"},
		{"half a code", string(masked(opClose, "x")), `Close 1005 ""`, "\x03\xea"},
		{"no code", string(masked(opClose, "")), `Close 1005 ""`, "\x03\xe8"},
		{"a wrong code", string(masked(opClose, "\x03\xed")), "websocket: bad close code 1005", "\x03\xea"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, _, peer := accept(t)
				go func() { _, _ = peer.Write([]byte(c.bytes)) }()
				heard := make(chan string)
				go func() {
					b, _ := io.ReadAll(peer)
					heard <- string(b)
				}()
				began := time.Now()
				_, _, err := conn.Receive()
				var s story
				if s.ended(err); s.End != c.end || time.Since(began) != 0 {
					t.Errorf("Receive = %v after %v; want %s at once", err, time.Since(began), c.end)
				}
				conn.Linger(time.Second)
				if said := <-heard; len(said) < 4 || said[0] != opClose || said[2:4] != c.code {
					t.Errorf("the peer heard %q; want a Close with %x", said, c.code)
				}
			})
		})
	}
}

// TestReceive_afterError must not take the rest of an invalid frame for another frame.
func TestReceive_afterError(t *testing.T) {
	long := append(binaryHeader(4<<20), bytes.Repeat(masked(finText, "cuckoo"), 100)...)
	peer := &script{text: long}
	c := acceptOn(t, peer, 1000)
	for range 3 {
		if b, _, err := c.Receive(); !TooBig(err) {
			t.Fatalf("Receive = %v, %v; want an error that the message is too big", b, err)
		}
	}
}

// binaryHeader returns a client's header of a message with n bytes.
func binaryHeader(n int) []byte {
	return []byte{finBinary, 0xFF, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 0, 0}
}
