package transport

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestBatcher_late lets other goroutines compute between the readers and the batcher.
// Readers must then write their own answers, for a longer pause each time, until a
// batch is in time again.
func TestBatcher_late(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher()
		defer b.close()
		busy := 10 * time.Millisecond
		b.yield = func() { time.Sleep(busy) }
		for i, want := range []time.Duration{
			50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond,
			1600 * time.Millisecond, 3200 * time.Millisecond, 5 * time.Second, 5 * time.Second,
		} {
			if !b.add(&frameConn{}) {
				t.Fatalf("add after %d late batches and a pause = false; want another try", i)
			}
			time.Sleep(busy)
			synctest.Wait()
			began := time.Now()
			for !b.add(&frameConn{}) {
				time.Sleep(time.Millisecond)
				synctest.Wait()
			}
			if got := time.Since(began); got != want {
				t.Errorf("readers write themselves for %v after %d late batches; want %v", got, i+1, want)
			}
			time.Sleep(busy) // so the batch of this connection is late too
			synctest.Wait()
			b.mu.Lock()
			b.pause = want // forgets the pause
			b.mu.Unlock()
			b.paused.Store(false)
		}
		busy = 0
		for i := range 10 {
			if !b.add(&frameConn{}) {
				t.Errorf("add after %d batches in time = false; want it to be written", i)
			}
			synctest.Wait()
		}
		busy = 10 * time.Millisecond
		b.add(&frameConn{})
		time.Sleep(busy)
		synctest.Wait()
		time.Sleep(shortPause)
		synctest.Wait()
		if !b.add(&frameConn{}) {
			t.Errorf("add %v after the first late batch = false; want another try", shortPause)
		}
	})
}

// TestBatcher_many has many readers in one batch. The batch is in time although it
// takes long.
func TestBatcher_many(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher()
		defer b.close()
		b.yield = func() {
			for range 1000 {
				time.Sleep(10 * time.Microsecond)
				b.add(&frameConn{})
			}
		}
		for i := range 3 {
			if !b.add(&frameConn{}) {
				t.Errorf("add after %d batches of 1000 readers = false; want it to be written", i)
			}
			time.Sleep(time.Second)
		}
	})
}
