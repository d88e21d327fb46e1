package dialect

import (
	"fmt"
	"net"
	"testing"
	"time"
)

func TestGuard(t *testing.T) {
	var g guard
	now := time.Unix(0, 0)
	for i, want := range []time.Duration{
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond,
		time.Second, time.Second,
	} {
		if got := g.failed("1.2.3.4", now); got != want {
			t.Errorf("failure %d waits %v; want %v", i+1, got, want)
		}
		now = now.Add(50 * time.Second) // the guard does not forget an address that goes on guessing
	}
	for range 100 { // the delay must not overflow
		if got := g.failed("1.2.3.4", now); got != time.Second {
			t.Fatalf("a late failure waits %v; want 1s", got)
		}
	}
	if got := g.failed("5.6.7.8", now); got != 0 {
		t.Errorf("another address waits %v; want nothing", got)
	}
	if got := g.failed("1.2.3.4", now.Add(forgetGuesser+1)); got != 0 {
		t.Errorf("after a minute of peace a failure waits %v; want nothing", got)
	}
}

// TestGuard_memory guesses from more addresses than there is room for.
func TestGuard_memory(t *testing.T) {
	var g guard
	now := time.Unix(0, 0)
	for i := range 5 * maxGuessers {
		g.failed(fmt.Sprint(i), now.Add(time.Duration(i)*time.Millisecond))
		if len(g.from) > maxGuessers {
			t.Fatalf("%d addresses are kept; want at most %d", len(g.from), maxGuessers)
		}
	}
	g = guard{}
	for i := range maxGuessers { // half of them long ago
		g.failed(fmt.Sprint(i), now.Add(time.Duration(i%2)*2*forgetGuesser))
	}
	g.failed("new", now.Add(2*forgetGuesser+1))
	if got := len(g.from); got != maxGuessers/2+1 {
		t.Errorf("%d addresses are kept; want those that guessed lately, and the new one", got)
	}
}

func TestHostOf(t *testing.T) {
	for _, c := range []struct {
		addr net.Addr
		want string
	}{
		{&net.TCPAddr{IP: net.IPv4(1, 2, 3, 4), Port: 5}, "1.2.3.4"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 5}, "2001:db8::/64"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8::ffff:1"), Port: 5}, "2001:db8::/64"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 5}, "fe80::/64"},
		{&net.UnixAddr{Net: "unix", Name: "/run/bot"}, "/run/bot"},
	} {
		if got := hostOf(c.addr); got != c.want {
			t.Errorf("hostOf(%v) = %s; want %s", c.addr, got, c.want)
		}
	}
}
