package loadtest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestSleeper never wakes up before its time, whatever the time before was.
func TestSleeper(t *testing.T) {
	s := newSleeper()
	defer s.close()
	if s.precise == nil {
		t.Fatal("there is no precise timer; want one of the kernel")
	}
	for range 5 {
		for _, d := range []time.Duration{1, time.Microsecond, 100 * time.Microsecond, 2 * time.Millisecond, 999 * time.Microsecond, coarse + time.Millisecond} {
			began := time.Now()
			s.sleep(t.Context(), d)
			if took := time.Since(began); took < d {
				t.Errorf("sleep(%s) took %s; want no less", d, took)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	s.sleep(ctx, time.Hour)
	if took := time.Since(began); took > time.Minute {
		t.Errorf("sleep(1h) of who is cancelled took %s; want it to end at once", took)
	}
}

// TestSleeper_bubble waits by the clock of the bubble.
func TestSleeper_bubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSleeper()
		defer s.close()
		began := time.Now()
		s.sleep(t.Context(), 3*time.Millisecond)
		if took := time.Since(began); took != 3*time.Millisecond || s.precise != nil {
			t.Errorf("sleep(3ms) took %s, precise %v; want 3 ms by the bubble's clock", took, s.precise)
		}
	})
}
