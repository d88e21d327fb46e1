package transport

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A pipe counts what is written to one end of a net.Pipe.
type pipe struct {
	net.Conn
	writes atomic.Int64
}

func (p *pipe) Write(b []byte) (int, error) {
	p.writes.Add(1)
	return p.Conn.Write(b)
}

// hijackable is what an HTTP server would pass to Accept.
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

func TestFlush_gathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, counted, client := accept(t)
		for range 10 {
			if err := c.Send([]byte("hello")); err != nil {
				t.Fatalf("Send failed: %v", err)
			}
		}
		synctest.Wait()
		if n := counted.writes.Load(); n != 0 || c.link.pending() != 70 {
			t.Errorf("%d writes and %d bytes pending before a flush; want none and 70", n, c.link.pending())
		}
		go c.Flush()
		got := make([]byte, 70)
		if _, err := io.ReadFull(client, got); err != nil || !strings.HasSuffix(string(got), "\x81\x05hello\x81\x05hello") {
			t.Errorf("the client read %q, %v; want ten messages", got, err)
		}
		synctest.Wait()
		if n := counted.writes.Load(); n != 1 || c.link.pending() != 0 {
			t.Errorf("%d writes and %d bytes pending; want one and none", n, c.link.pending())
		}
		// a reader flushes before it waits
		_ = c.Send([]byte("hello"))
		go func() { _, _, _ = c.Receive() }()
		if _, err := io.ReadFull(client, got[:7]); err != nil {
			t.Errorf("the client read %v; want what was sent before Receive", err)
		}
	})
}

// TestFlush_takesAlong sends while another goroutine writes.
func TestFlush_takesAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, counted, client := accept(t)
		_ = c.Send([]byte("first"))
		go c.Flush() // waits for the client
		synctest.Wait()
		var work sync.WaitGroup
		for i := range 50 {
			work.Go(func() {
				_ = c.Send(fmt.Appendf(nil, "%05d", i))
				c.Flush() // does not wait: the other takes it along
			})
		}
		work.Wait()
		if _, err := io.ReadFull(client, make([]byte, 51*7)); err != nil {
			t.Errorf("the client read %v; want everything", err)
		}
		synctest.Wait()
		if n := counted.writes.Load(); n != 2 {
			t.Errorf("%d writes; want one and one for all that came meanwhile", n)
		}
	})
}

// TestSend_slowPeer never reads what it is sent.
func TestSend_slowPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := accept(t)
		large := bytes.Repeat([]byte("x"), 4<<20)
		began := time.Now()
		var senders sync.WaitGroup
		var failed atomic.Int64
		for range 20 {
			senders.Go(func() {
				if err := c.Send(large); errors.Is(err, ErrSlowPeer) {
					failed.Add(1)
				}
				c.Flush()
			})
		}
		synctest.Wait()
		if n := c.link.pending(); n > maxPending+20*14 { // and the frames' headers
			t.Errorf("%d bytes wait for a slow peer; want about %d", n, maxPending)
		}
		_, _, err := c.Receive()
		if took := time.Since(began); !errors.Is(err, ErrSlowPeer) || took != writeTimeout {
			t.Errorf("Receive = %v after %v; want ErrSlowPeer after %v", err, took, writeTimeout)
		}
		senders.Wait()
		if failed.Load() == 0 {
			t.Error("no Send failed; want those that waited to learn that the peer does not read")
		}
		if err := c.Send(large); !errors.Is(err, ErrSlowPeer) {
			t.Errorf("Send = %v; want ErrSlowPeer", err)
		}
		c.Linger(time.Second)
	})
}

// TestSend_slowLine reads slowly, but reads: it gets everything.
func TestSend_slowLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, client := accept(t)
		const messages, size = 6, 4 << 20
		go func() { _, _, _ = c.Receive() }()
		for range messages {
			go func() {
				if err := c.Send(bytes.Repeat([]byte("x"), size)); err != nil {
					t.Errorf("Send failed: %v", err)
				}
				c.Flush()
			}()
		}
		began := time.Now()
		total, part := 0, make([]byte, 64<<10)
		for total < messages*(size+10) {
			n, err := io.ReadFull(client, part[:min(len(part), messages*(size+10)-total)])
			if total += n; err != nil {
				t.Fatalf("after %d bytes and %v the client read %v; want %d bytes", total, time.Since(began), err, messages*size)
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took < time.Minute {
			t.Errorf("it took %v; want a test of a slow line", took)
		}
	})
}

// TestTrySend never waits for a peer that does not read, nor writes.
func TestTrySend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, counted, client := accept(t)
		large := bytes.Repeat([]byte("x"), 4<<20)
		for i := range 3 {
			if room, err := c.TrySend(large); room != nil || err != nil {
				t.Fatalf("TrySend of message %d = %v, %v; want nil, nil", i, room, err)
			}
		}
		_ = c.Send(large[:4<<20-100]) // headers
		room, err := c.TrySend(large)
		if room == nil || err != nil {
			t.Fatalf("TrySend over the limit = %v, %v; want a channel to wait for", room, err)
		}
		select {
		case <-room:
			t.Error("there is room before anything was written")
		default:
		}
		if n := counted.writes.Load(); n != 0 {
			t.Errorf("TrySend wrote %d times; want no write", n)
		}
		go c.Flush() // waits for the client
		<-room
		if room, err := c.TrySend(large); room != nil || err != nil {
			t.Errorf("TrySend after there was room = %v, %v; want nil, nil", room, err)
		}
		for range 3 {
			_, _ = c.TrySend(large)
		}
		if room, err = c.TrySend(large); room == nil || err != nil {
			t.Fatalf("TrySend over the limit again = %v, %v; want a channel to wait for", room, err)
		}
		_ = client.Close()
		<-room
		if room, err := c.TrySend(large); err == nil {
			t.Errorf("TrySend on a lost connection = %v, nil; want an error", room)
		}
	})
}

// TestSend_behindClose fails, however often, and takes no room.
func TestSend_behindClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, client := accept(t)
		go func() { _, _ = io.Copy(io.Discard, client) }()
		c.StartClose(CloseGoingAway, strings.Repeat("long reason ", 20))
		text := bytes.Repeat([]byte("x"), 1<<20)
		for range 100 {
			if err := c.Send(text); err == nil {
				t.Fatal("Send behind a Close = nil; want an error")
			}
		}
	})
}

// TestReceive_pingFlood sends pings and reads no pong. They do not pile up.
func TestReceive_pingFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, client := accept(t)
		go func() { _, _, _ = c.Receive() }()
		_ = c.Send([]byte("this one holds up the writer"))
		go c.Flush()
		synctest.Wait()
		flood := bytes.Repeat(masked(0x89, strings.Repeat("x", 125)), 1000)
		for range 200 { // 25 MB
			if _, err := client.Write(flood); err != nil {
				break
			}
		}
		if n := c.link.pending(); n > maxPending+200 {
			t.Errorf("%d bytes of pongs are pending; want about %d", n, maxPending)
		}
	})
}

func TestLinger_isBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := accept(t)
		_ = c.Send([]byte("nobody reads this"))
		began := time.Now()
		c.Linger(time.Second)
		if took := time.Since(began); took != time.Second {
			t.Errorf("Linger(1s) took %v beside a peer that neither reads nor leaves; want 1s", took)
		}
	})
}

// TestLinger_whole ends a connection that cannot be closed by half: the peer gets
// everything, and nobody waits for it.
func TestLinger_whole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, client := accept(t)
		got := make(chan string)
		go func() {
			_, _ = client.Write(masked(0x88, "\x03\xe8"))
			time.Sleep(100 * time.Millisecond) // it is slow
			text, _ := io.ReadAll(client)
			got <- string(text)
		}()
		c.BeforeClose(func() {
			for range 3 {
				_ = c.Send([]byte("hello"))
			}
		})
		_, _, err := c.Receive()
		if code, _, ok := CloseStatus(err); !ok || code != CloseNormal {
			t.Errorf("Receive = %v; want a Close", err)
		}
		began := time.Now()
		c.Linger(time.Second)
		if took := time.Since(began); took > 200*time.Millisecond {
			t.Errorf("Linger took %v; want no wait for the peer", took)
		}
		if text, want := <-got, strings.Repeat("\x81\x05hello", 3)+"\x88\x02\x03\xe8"; text != want {
			t.Errorf("the client read %q; want %q", text, want)
		}
	})
}
