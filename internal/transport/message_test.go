package transport

import (
	"bytes"
	"runtime"
	"testing"
	"testing/synctest"
)

// TestReceive_memory announces a large message and sends few bytes of it. Receive takes
// memory only for the bytes that arrive.
func TestReceive_memory(t *testing.T) {
	peer := &script{text: append(binaryHeader(1<<30), "hello"...)}
	c := acceptOn(t, peer, 1<<30)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := c.Receive()
	runtime.ReadMemStats(&after)
	if !Cut(err) {
		t.Errorf("Receive = %v; want an error that says that the peer has hung up", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("a message of which 5 bytes arrived took %d bytes of memory", n)
	}
}

// TestReceive_large takes large messages whole, wherever the reads end, and leaves the
// frames behind them.
func TestReceive_large(t *testing.T) {
	large := make([]byte, 1<<20)
	for i := range large {
		large[i] = byte(i % 251)
	}
	for _, size := range []int{1, 13, readSize/2 - 1, readSize / 2, readSize - 14, readSize, readSize + 1, 3*readSize + 5, 1 << 20} {
		for _, chunk := range []int{0, 1000, keptSize, keptSize + 1, readSize + 3} {
			text := appendFrame(nil, large[:size], true)
			text = append(text, masked(finText, "hello")...)
			peer := &script{text: text}
			if chunk > 0 {
				peer.sizes = []int{chunk}
			}
			c := acceptOn(t, peer, 1<<20)
			b, _, err := c.Receive()
			if err != nil || !bytes.Equal(b.B, large[:size]) {
				t.Fatalf("Receive of %d bytes in chunks of %d = %v; want what was sent", size, chunk, err)
			}
			b.Free()
			if b, _, err := c.Receive(); err != nil || string(b.B) != "hello" {
				t.Errorf("Receive behind %d bytes in chunks of %d = %v, %v; want hello", size, chunk, b, err)
			}
		}
	}
}

// TestReceive_noLimit checks that without a valid limit the library reports messages as
// too big.
func TestReceive_noLimit(t *testing.T) {
	for _, limit := range []int{0, -1} {
		peer := &script{text: bytes.Repeat(masked(finText, "hello"), 2)}
		peer.text = append(peer.text, "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04"...)
		c := acceptOn(t, peer, limit)
		for range 2 {
			if b, _, err := c.Receive(); err != nil || string(b.B) != "hello" {
				t.Errorf("Receive with limit %d = %v, %v; want hello", limit, b, err)
			}
		}
		if _, _, err := c.Receive(); !TooBig(err) {
			t.Errorf("Receive of 2^64-1 bytes with limit %d = %v; want an error that it is too big", limit, err)
		}
	}
}

// TestReceive_oneWrite sends the answers to all requests of one read in one write.
func TestReceive_oneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, counted, client := accept(t)
		go func() {
			for {
				if b, _, err := c.Receive(); err != nil {
					return
				} else if err := c.Send(b.B); err != nil {
					t.Errorf("Send failed: %v", err)
				} else {
					b.Free()
				}
			}
		}()
		requests := append(bytes.Repeat(masked(finText, "hello"), 50), masked(finText, "hello")[:7]...)
		if _, err := client.Write(requests); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 1000)
		n, err := client.Read(got)
		if want := bytes.Repeat([]byte("\x81\x05hello"), 50); err != nil || !bytes.Equal(got[:n], want) {
			t.Errorf("the client read %q, %v; want 50 answers", got[:n], err)
		}
		if n := counted.writes.Load(); n != 1 {
			t.Errorf("50 answers took %d writes; want one", n)
		}
	})
}

// TestSend_masked checks that a client's end masks.
func TestSend_masked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := dialed(t, "ACCEPT\r\n\r\n", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		for range 3 {
			if err := c.Send([]byte("hello")); err != nil {
				t.Fatal(err)
			}
		}
		var s story
		frames := bytes.Clone(c.frames.out.B)
		for _, at := range []int{0, 11, 22} {
			if h, _ := parseHeader(frames[at:]); !h.masked || h.size != 6 {
				t.Errorf("Send wrote the header %+v; want a mask", h)
			}
		}
		s.said(frames)
		if len(s.Said) != 3 || s.Said[2] != `81 "hello"` {
			t.Errorf("Send wrote %q; want hello three times", s.Said)
		}
	})
}
