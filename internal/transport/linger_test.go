package transport

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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

// TestLinger_whole ends a connection that cannot be closed by half. The peer gets
// everything, and no end waits for the other.
func TestLinger_whole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, client := accept(t)
		got := make(chan string)
		go func() {
			_, _ = client.Write(masked(0x88, "\x03\xe8"))
			time.Sleep(100 * time.Millisecond) // the client is slow
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
