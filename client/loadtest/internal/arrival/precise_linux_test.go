package arrival

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestClock_sleep never wakes up too early, after sleeps of any length.
func TestClock_sleep(t *testing.T) {
	c := NewClock()
	defer c.Close()
	if c.precise == nil {
		t.Fatal("there is no precise timer; want a timer of the kernel")
	}
	for range 5 {
		for _, d := range []time.Duration{1, time.Microsecond, 100 * time.Microsecond, 2 * time.Millisecond, 999 * time.Microsecond, coarse + time.Millisecond} {
			began := time.Now()
			c.sleep(t.Context(), d)
			if took := time.Since(began); took < d {
				t.Errorf("sleep(%s) took %s; want no less", d, took)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	c.sleep(ctx, time.Hour)
	if took := time.Since(began); took > time.Minute {
		t.Errorf("sleep(1h) with a cancelled context took %s; want it to end at once", took)
	}
}

// TestClock_sleep_bubble sleeps by the clock of the bubble.
func TestClock_sleep_bubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		defer c.Close()
		began := time.Now()
		c.sleep(t.Context(), 3*time.Millisecond)
		if took := time.Since(began); took != 3*time.Millisecond || c.precise != nil {
			t.Errorf("sleep(3ms) took %s, precise %v; want 3 ms by the bubble's clock", took, c.precise)
		}
	})
}
