//go:build unix && !aix

package transport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// batched returns a connection with b as its batcher, and the peer's end.
func batched(t *testing.T, b *batcher) (*frameConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); peer.Close() })
	_ = conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
	_ = peer.(*net.TCPConn).SetReadBuffer(64 << 10)
	own := newFrameConn(conn, false)
	own.batch = b
	return own, peer
}

// addOrFlush does the same as a reader. On a busy machine batches are late, so it may
// flush.
func addOrFlush(b *batcher, l *frameConn) {
	if !b.add(l) {
		l.Flush()
	}
}

// TestBatcher_slowPeer has more bytes for a peer that does not read than its socket
// takes. Other peers get theirs, and so does this one when it reads.
func TestBatcher_slowPeer(t *testing.T) {
	b := newBatcher()
	defer b.close()
	slow, slowPeer := batched(t, b)
	quick, quickPeer := batched(t, b)
	large := strings.Repeat("x", 1<<20)
	if err := slow.send([]byte(large)); err != nil {
		t.Fatal(err)
	}
	addOrFlush(b, slow)
	answers := bufio.NewReader(quickPeer)
	for n := range 20 {
		text := fmt.Sprintf("answer %d", n)
		if err := quick.send([]byte(text)); err != nil {
			t.Fatal(err)
		}
		addOrFlush(b, quick)
		got := make([]byte, 2+len(text))
		if _, err := io.ReadFull(answers, got); err != nil || string(got[2:]) != text {
			t.Fatalf("read %q, %v; want %q", got, err, text)
		}
	}
	got := make([]byte, 10+len(large))
	if _, err := io.ReadFull(slowPeer, got); err != nil || string(got[10:]) != large {
		t.Errorf("the slow peer got %d bytes, %v; want all of its message", len(got), err)
	}
}

// TestBatcher_all sends from several goroutines, half of which flush themselves. Every
// message arrives once, and the messages of each goroutine are in order.
func TestBatcher_all(t *testing.T) {
	b := newBatcher()
	defer b.close()
	const senders, messages = 8, 400
	l, peer := batched(t, b)
	var group sync.WaitGroup
	for s := range senders {
		group.Go(func() {
			for n := range messages {
				if err := l.send([]byte(fmt.Sprintf("%d %04d %s", s, n, strings.Repeat("y", 93)))); err != nil {
					t.Errorf("send = %v; want nil", err)
				}
				if s%2 == 0 {
					addOrFlush(b, l)
				} else {
					l.Flush()
				}
			}
		})
	}
	var next [senders]int
	for range senders * messages {
		var got [2 + 100]byte
		if _, err := io.ReadFull(peer, got[:]); err != nil {
			t.Fatalf("read = %v; want a message", err)
		}
		var s, n int
		if _, err := fmt.Sscanf(string(got[2:]), "%d %d", &s, &n); err != nil || n != next[s] {
			t.Fatalf("got %q; want message %d of %d", got[2:], next[s], s)
		}
		next[s]++
	}
	group.Wait()
}

// TestBatcher_close writes the connections that were added before, and takes none
// afterwards.
func TestBatcher_close(t *testing.T) {
	b := newBatcher()
	l, peer := batched(t, b)
	if err := l.send([]byte("last")); err != nil {
		t.Fatal(err)
	}
	if !b.add(l) {
		t.Error("add = false; want it to be written")
	}
	b.close()
	b.close()
	var got [6]byte
	if _, err := io.ReadFull(peer, got[:]); err != nil || string(got[2:]) != "last" {
		t.Errorf("read %q, %v; want last", got, err)
	}
	if b.add(l) {
		t.Error("add after close = true; want false")
	}
	newBatcher().close() // closes a batcher that was never used
}
