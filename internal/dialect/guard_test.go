package dialect

import (
	"fmt"
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
		now = now.Add(50 * time.Second) // it is not forgotten while it goes on
	}
	for range 100 { // no overflow
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
