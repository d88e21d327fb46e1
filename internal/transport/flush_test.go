package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestFlush_gathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, counted, client := accept(t)
		for range 10 {
			if err := c.Send([]byte("hello")); err != nil {
				t.Fatalf("Send failed: %v", err)
			}
		}
		synctest.Wait()
		if n := counted.writes.Load(); n != 0 || c.frames.pending() != 70 {
			t.Errorf("%d writes and %d bytes pending before a flush; want none and 70", n, c.frames.pending())
		}
		go c.Flush()
		got := make([]byte, 70)
		if _, err := io.ReadFull(client, got); err != nil || !strings.HasSuffix(string(got), "\x81\x05hello\x81\x05hello") {
			t.Errorf("the client read %q, %v; want ten messages", got, err)
		}
		synctest.Wait()
		if n := counted.writes.Load(); n != 1 || c.frames.pending() != 0 {
			t.Errorf("%d writes and %d bytes pending; want one and none", n, c.frames.pending())
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
				c.Flush() // does not wait, since the other goroutine writes this message too
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

// TestSend_slowPeer has a peer that never reads.
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
		if n := c.frames.pending(); n > maxPending+20*14 { // and the frames' headers
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

// TestSend_slowLine has a peer that reads slowly. It gets everything.
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

// TestTrySend checks that TrySend neither waits for a peer that does not read, nor
// writes.
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

// TestSend_behindClose checks that Send fails each time, and takes no room.
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

// TestReceive_pingFlood has a peer that sends pings and reads no pongs. The pongs do
// not pile up.
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
		if n := c.frames.pending(); n > maxPending+200 {
			t.Errorf("%d bytes of pongs are pending; want about %d", n, maxPending)
		}
	})
}
