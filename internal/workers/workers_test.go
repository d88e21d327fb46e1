package workers

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestPool_noneWaits gives a pool more tasks than it parks workers for.
func TestPool_noneWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool
		release := make(chan struct{})
		var running atomic.Int64
		for range 3 * maxParked {
			p.Go(Func(func() { running.Add(1); <-release }))
		}
		synctest.Wait()
		if got := running.Load(); got != 3*maxParked {
			t.Errorf("%d tasks run; want all %d at once", got, 3*maxParked)
		}
		close(release)
		synctest.Wait()
		if p.parked != maxParked {
			t.Errorf("%d workers are parked; want %d", p.parked, maxParked)
		}
		p.Close()
	})
}

func TestPool_usesWorkersAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool
		defer p.Close()
		for range 100 {
			p.Go(Func(func() {}))
			synctest.Wait()
		}
		if p.parked != 1 {
			t.Errorf("%d workers are parked after 100 tasks, one after the other; want 1", p.parked)
		}
	})
}

// TestPool_goexit ends workers with their tasks. Others take their place.
func TestPool_goexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool
		defer p.Close()
		var ran atomic.Int64
		for range 10 {
			p.Go(Func(func() { ran.Add(1); runtime.Goexit() }))
			synctest.Wait()
		}
		if ran.Load() != 10 || p.parked != 0 {
			t.Errorf("%d tasks ran and %d workers are parked; want 10 and none", ran.Load(), p.parked)
		}
	})
}

func TestPool_close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a worker stays
		var p Pool
		var ran atomic.Int64
		var senders sync.WaitGroup
		for range 20 {
			senders.Go(func() {
				for range 50 {
					p.Schedule(func() { time.Sleep(time.Millisecond); ran.Add(1) })
					time.Sleep(time.Millisecond)
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		p.Close()
		p.Close()
		senders.Wait()
		time.Sleep(time.Second)
		if got := ran.Load(); got != 1000 {
			t.Errorf("%d tasks ran; want all 1000, also those that came late", got)
		}
	})
}
