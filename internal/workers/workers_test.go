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

// TestPool_sweep checks that workers end some seconds after they were last needed, that
// the needed ones stay, and that no timer runs when all have ended. Its bubble fails if
// a worker stays.
func TestPool_sweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool
		defer p.Close()
		parked := func() (n int, sweeps bool) {
			synctest.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.parked, p.sweeps
		}
		together := func(n int) {
			release := make(chan struct{})
			for range n {
				p.Go(Func(func() { <-release }))
			}
			close(release)
		}
		together(200)
		if got, _ := parked(); got != 200 {
			t.Fatalf("%d workers are parked after 200 tasks at once; want all", got)
		}
		for range 20 { // three at once, a second apart
			time.Sleep(time.Second)
			together(3)
		}
		if got, _ := parked(); got != 3 {
			t.Errorf("%d workers are parked after 20 s with three tasks at once; want 3", got)
		}
		time.Sleep(2*sweepTime + time.Millisecond)
		if got, sweeps := parked(); got != 0 || sweeps {
			t.Errorf("%d workers are parked after %v of rest, and a next sweep is %v; want neither", got, 2*sweepTime, sweeps)
		}
		together(2)
		if got, sweeps := parked(); got != 2 || !sweeps {
			t.Errorf("%d workers are parked, and a next sweep is %v; want 2 that will go", got, sweeps)
		}
		time.Sleep(2*sweepTime + time.Millisecond)
		if got, _ := parked(); got != 0 {
			t.Errorf("%d workers are parked after a second rest; want none", got)
		}
	})
}

// TestPool_sweepWhileBusy sweeps while tasks come and go: each runs once.
func TestPool_sweepWhileBusy(t *testing.T) {
	var p Pool
	defer p.Close()
	var ran, senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for range 2000 {
				ran.Add(1)
				p.Schedule(ran.Done)
				if p.mu.TryLock() {
					p.idle = p.parked // as if all had been idle
					p.mu.Unlock()
					p.sweep()
				}
			}
		})
	}
	senders.Wait()
	ran.Wait()
}

// TestPool_closeStopsSweeps closes a pool between two sweeps.
func TestPool_closeStopsSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool
		p.Go(Func(func() {}))
		time.Sleep(sweepTime / 2)
		p.Close()
		if p.sweeper.Stop() {
			t.Error("a sweep was still to come after Close")
		}
		p.sweep() // a sweep that had begun before Close
	})
}

// TestPool_goexit ends workers with their tasks. Others take their places.
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
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a worker stays
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
